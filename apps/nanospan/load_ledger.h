// LoadLedger: which spans were sent, acknowledged and received; so what is lost and what came twice is known exactly,
// span by span, and not estimated from sums in which a lost and a doubled span cancel out.
//
// Two ways, as the ids of the requests are (load_bodies.h):
//   fresh     each request is sent once: a bit for each span, given back when the whole request is acknowledged and
//   here repeated  the same few requests are sent again and again: for each span how often it came, to be compared with
//   how
//             often its request was sent and acknowledged. Within one request a loss and a doubling can cancel out.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "apps/nanospan/load_spans.h"

namespace nanospan::app {

class LoadLedger {
 public:
  struct Totals {
    std::uint64_t sent = 0;          ///< Spans, acknowledged or not.
    std::uint64_t acknowledged = 0;  ///< Their request was.
    std::uint64_t received = 0;      ///< At the sink, doubled ones included.
    std::uint64_t lost = 0;          ///< Acknowledged, and not received (so far).
    std::uint64_t duplicated = 0;    ///< Received more often than sent.
    std::uint64_t foreign = 0;       ///< Received, and none of this run's.
  };

  /// `repeated` is the number of requests that are sent again and again; 0: each is sent once.
  LoadLedger(const SpanIds& ids, std::size_t spans_per_request, std::size_t repeated);

  /// Requests are numbered from 0: in the order in which they are first sent, or by their place among the repeated
  /// ones.
  void sent(std::uint64_t request);
  void acknowledged(std::uint64_t request);
  /// A span with this id is at the sink.
  void received(std::uint64_t span_id);

  Totals totals() const;
  /// Everything that was acknowledged is here.
  bool settled() const { return totals().lost == 0; }

 private:
  struct Fresh {
    std::unique_ptr<std::uint64_t[]> seen;  // a bit a span; null before the first and once all are here
    std::uint32_t received = 0;
    bool acknowledged = false;
  };
  struct Repeated {
    std::uint64_t sent = 0, acknowledged = 0;
    std::vector<std::uint32_t> received;
  };

  void received_fresh(std::uint64_t number);

  const SpanIds ids_;
  const std::size_t spans_;
  Totals totals_;
  std::uint64_t first_fresh_ = 0;  // the number of fresh_.front(); all before it are complete
  std::deque<Fresh> fresh_;
  std::vector<Repeated> repeated_;
};

}  // namespace nanospan::app
