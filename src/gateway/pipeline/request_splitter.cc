// Resuming in the middle of a scope. Threads: see the header.
#include "gateway/pipeline/request_splitter.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/pipeline/metric_points.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

constexpr std::uint64_t kFrameBytes = 12;  // tags and lengths around a metric and its data, or an envelope, at most

/// All fields of `message` but those called `repeated`.
void gather_others(wire::Reader message, std::uint32_t repeated, std::vector<std::string_view>& out) {
  out.clear();
  while (message.next()) {
    if (!message.is(repeated, WireType::kBytes)) out.push_back(message.raw_field());
  }
}

// Requests of these signals have the same shape down to their items.
static_assert(otlp::ResourceSpans::kScopeSpans == otlp::ResourceMetrics::kScopeMetrics &&
              otlp::ResourceSpans::kScopeSpans == otlp::ResourceLogs::kScopeLogs &&
              otlp::ScopeSpans::kSpans == otlp::ScopeMetrics::kMetrics &&
              otlp::ScopeSpans::kSpans == otlp::ScopeLogs::kLogRecords);

/// Of a metric without its points.
std::uint64_t size_of_frame(wire::Reader metric) {
  std::uint64_t size = 0;
  while (metric.next()) {
    size += is_metric_data(metric) ? kFrameBytes : metric.raw_field().size();
    if (!is_metric_data(metric)) continue;
    for (wire::Reader data = metric.message(); data.next();) {
      if (!data.is(otlp::MetricData::kDataPoints, WireType::kBytes)) size += data.raw_field().size();
    }
  }
  return size;
}

std::uint64_t size_of_others(wire::Reader message, std::uint32_t repeated) {
  std::uint64_t size = 0;
  while (message.next()) {
    if (!message.is(repeated, WireType::kBytes)) size += message.raw_field().size();
  }
  return size;
}

}  // namespace

std::uint64_t RequestSplitter::largest_envelope(std::string_view request, Signal signal) {
  std::uint64_t largest = 0;
  for (wire::Reader top(request); top.next();) {
    if (!top.is(otlp::ExportTraceServiceRequest::kResourceSpans, WireType::kBytes)) continue;
    const std::uint64_t of_resource = size_of_others(top.message(), otlp::ResourceSpans::kScopeSpans);
    std::uint64_t of_scopes = 0;
    for (wire::Reader resource = top.message(); resource.next();) {
      if (!resource.is(otlp::ResourceSpans::kScopeSpans, WireType::kBytes)) continue;
      std::uint64_t of_items = 0;
      for (wire::Reader scope = resource.message(); signal == Signal::kMetrics && scope.next();) {
        if (scope.is(otlp::ScopeMetrics::kMetrics, WireType::kBytes))
          of_items = std::max(of_items, size_of_frame(scope.message()));
      }
      of_scopes = std::max(of_scopes, size_of_others(resource.message(), otlp::ScopeSpans::kSpans) + of_items);
    }
    largest = std::max(largest, of_resource + of_scopes);
  }
  return largest;
}

/// Steps to the next scope; at the end of a resource, writes it and steps into the next.
bool RequestSplitter::next_scope(net::ByteBlock& out, SpanCounts& counts, bool& failed) {
  for (;;) {
    while (resource_.next()) {
      if (!resource_.is(otlp::ResourceSpans::kScopeSpans, WireType::kBytes)) continue;
      scope_ = resource_.message();
      gather_others(scope_, otlp::ScopeSpans::kSpans, scope_fields_);
      return true;
    }
    if (in_resource_ && !builder_.end_resource(out, counts)) failed = true;
    in_resource_ = false;
    do {
      if (failed || !top_.next()) return false;
    } while (!top_.is(otlp::ExportTraceServiceRequest::kResourceSpans, WireType::kBytes));
    resource_ = top_.message();
    gather_others(resource_, otlp::ResourceSpans::kScopeSpans, resource_fields_);
  }
}

/// The next item of this scope, or as many of its points as there is room for. False if there is none.
bool RequestSplitter::add_item(std::uint64_t& left) {
  if (points_left_ != 0) {
    add_points(left);
    return true;
  }
  while (scope_.next()) {
    if (!scope_.is(otlp::ScopeSpans::kSpans, WireType::kBytes)) continue;
    const std::uint64_t items = signal_ == Signal::kMetrics ? count_metric_points(scope_.message()) : 1;
    if (items > left && begin_metric(scope_.message())) {
      points_left_ = items;
      add_points(left);
    } else {
      builder_.add_item(scope_.raw_field(), items);
      left -= std::min(left, items);
    }
    return true;
  }
  return false;
}

/// False if it cannot be cut.
bool RequestSplitter::begin_metric(wire::Reader metric) {
  metric_fields_.clear();
  bool found = false;
  while (metric.next()) {
    if (!is_metric_data(metric)) {
      metric_fields_.push_back(metric.raw_field());
      continue;
    }
    if (std::exchange(found, true)) return false;
    data_field_ = metric.field();
    points_ = metric.message();
    gather_others(points_, otlp::MetricData::kDataPoints, data_fields_);
  }
  return found;
}

void RequestSplitter::add_points(std::uint64_t& left) {
  const std::uint64_t points = std::min(left, points_left_);
  std::string data, metric;
  for (const std::string_view field : data_fields_) data += field;
  for (std::uint64_t i = 0; i < points && points_.next();) {
    if (!points_.is(otlp::MetricData::kDataPoints, WireType::kBytes)) continue;
    data += points_.raw_field();
    ++i;
  }
  for (const std::string_view field : metric_fields_) metric += field;
  wire::Appender(metric).bytes_field(data_field_, data);
  builder_.add_new_item(metric, points);
  points_left_ -= points;
  left -= points;
}

/// `fill(resource_begins)` adds items of the scope that was begun; false if there is no room for more.
template <class Fill>
bool RequestSplitter::take_scopes(Fill fill, net::ByteBlock& out, SpanCounts& counts) {
  bool failed = false, has_room = true;
  do {
    const bool resource_begins = !std::exchange(in_resource_, true);
    if (resource_begins) {
      builder_.begin_resource();
      for (const std::string_view field : resource_fields_) builder_.add(field);
    }
    builder_.begin_scope();
    for (const std::string_view field : scope_fields_) builder_.add(field);
    has_room = fill(resource_begins);
    builder_.end_scope();
  } while (has_room && next_scope(out, counts, failed));
  if (in_resource_ && !builder_.end_resource(out, counts)) failed = true;
  in_resource_ = false;
  return !failed;
}

bool RequestSplitter::take(std::uint64_t spans_max, net::ByteBlock& out, SpanCounts& counts) {
  std::uint64_t left = spans_max;
  const auto fill = [&](bool /*resource_begins*/) {
    while (left != 0 && add_item(left)) {
    }
    return left != 0;
  };
  return take_scopes(fill, out, counts);
}

/// 0 if there is none in this scope.
std::uint64_t RequestSplitter::next_item_size() const {
  for (wire::Reader next = scope_; next.next();) {
    if (next.is(otlp::ScopeSpans::kSpans, WireType::kBytes)) return next.raw_field().size();
  }
  return 0;
}

bool RequestSplitter::take_bytes(std::uint64_t bytes_max, bool at_least_one, net::ByteBlock& out, SpanCounts& counts) {
  std::uint64_t used = 0;
  const auto add_envelope = [&used](const std::vector<std::string_view>& fields) {
    used += kFrameBytes;
    for (const std::string_view field : fields) used += field.size();
  };
  const auto fill = [&](bool resource_begins) {
    if (resource_begins) add_envelope(resource_fields_);
    add_envelope(scope_fields_);
    while (const std::uint64_t size = next_item_size()) {
      if (!at_least_one && used + size > bytes_max) return false;
      std::uint64_t whole = UINT64_MAX;
      add_item(whole);
      used += size;
      at_least_one = false;
    }
    return true;
  };
  return take_scopes(fill, out, counts);
}

}  // namespace nanospan::gateway
