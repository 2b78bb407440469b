#include "apps/nanospan/load_ledger.h"

#include <algorithm>

namespace nanospan::app {

LoadLedger::LoadLedger(const SpanIds& ids, std::size_t spans_per_request, std::size_t repeated)
    : ids_(ids), spans_(spans_per_request), repeated_(repeated) {
  for (Repeated& request : repeated_) request.received.resize(spans_);
}

void LoadLedger::sent(std::uint64_t request) {
  totals_.sent += spans_;
  if (!repeated_.empty()) {
    ++repeated_[request].sent;
  } else {
    fresh_.emplace_back();
  }
}

void LoadLedger::acknowledged(std::uint64_t request) {
  totals_.acknowledged += spans_;
  if (!repeated_.empty()) {
    ++repeated_[request].acknowledged;
    return;
  }
  fresh_[request - first_fresh_].acknowledged = true;
  for (; !fresh_.empty() && fresh_.front().acknowledged && fresh_.front().received == spans_; ++first_fresh_) {
    fresh_.pop_front();
  }
}

void LoadLedger::received(std::uint64_t span_id) {
  ++totals_.received;
  const std::uint64_t number = ids_.number_of(span_id);
  const std::uint64_t request = number / spans_;
  if (!repeated_.empty()) {
    if (request >= repeated_.size()) {
      ++totals_.foreign;
    } else {
      ++repeated_[request].received[number % spans_];
    }
  } else if (request >= first_fresh_ + fresh_.size()) {
    ++totals_.foreign;
  } else {
    received_fresh(number);
  }
}

void LoadLedger::received_fresh(std::uint64_t number) {
  const std::uint64_t request = number / spans_;
  if (request < first_fresh_ || fresh_[request - first_fresh_].received == spans_) {
    ++totals_.duplicated;
    return;
  }
  Fresh& fresh = fresh_[request - first_fresh_];
  if (fresh.seen == nullptr) fresh.seen = std::make_unique<std::uint64_t[]>((spans_ + 63) / 64);
  std::uint64_t& word = fresh.seen[number % spans_ / 64];
  const std::uint64_t bit = std::uint64_t{1} << (number % spans_ % 64);
  if ((word & bit) != 0) {
    ++totals_.duplicated;
    return;
  }
  word |= bit;
  if (++fresh.received == spans_) fresh.seen.reset();
}

LoadLedger::Totals LoadLedger::totals() const {
  Totals totals = totals_;
  for (const Fresh& request : fresh_) {
    if (request.acknowledged) totals.lost += spans_ - request.received;
  }
  for (const Repeated& request : repeated_) {
    for (const std::uint32_t received : request.received) {
      totals.lost += request.acknowledged - std::min<std::uint64_t>(received, request.acknowledged);
      totals.duplicated += received - std::min<std::uint64_t>(received, request.sent);
    }
  }
  return totals;
}

}  // namespace nanospan::app
