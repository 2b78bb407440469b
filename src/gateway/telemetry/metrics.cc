// Registration and Prometheus text. The registry's lock is taken at start, by a scrape and once for each new reason
// (MetricsByReason), never for each request. Thread-safe.
#include "gateway/telemetry/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace nanospan::gateway {
namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

std::string render_labels(const Labels& labels) {
  if (labels.empty()) return {};
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out.append(name).append("=\"");
    append_escaped(out, value, true);
    out += '"';
  }
  return out += '}';
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text{};
  const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), number);
  static_cast<void>(failed);  // 32 characters hold the shortest form of every double.
  out.append(text.data(), end);
}

}  // namespace

void Histogram::observe(std::uint64_t value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

MetricsRegistry::Series& MetricsRegistry::series(std::string_view name, std::string_view help, const char* type,
                                                 const Labels& labels) {
  ++lookups_;
  Family& family = families_[std::string(name)];
  family.help = help;
  family.type = type;
  Series*& series = family.series[render_labels(labels)];
  if (series == nullptr) series = &storage_.emplace_back();
  return *series;
}

Metric& MetricsRegistry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  return series(name, help, "counter", labels).metric;
}

Metric& MetricsRegistry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  return series(name, help, "gauge", labels).metric;
}

Histogram& MetricsRegistry::histogram(std::string_view name, std::string_view help,
                                      std::span<const std::uint64_t> bounds, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  Series& found = series(name, help, "histogram", labels);
  if (found.histogram == nullptr) found.histogram = std::make_unique<Histogram>(bounds);
  return *found.histogram;
}

void MetricsRegistry::set_info(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  if (const auto family = families_.find(name); family != families_.end()) family->second.series.clear();
  series(name, help, "gauge", labels).metric.add(1);
}

std::uint64_t MetricsRegistry::lookups() const {
  const std::lock_guard lock(mutex_);
  return lookups_;
}

Observation MetricsRegistry::observe_counter(std::string_view name, std::string_view help, const Labels& labels,
                                             std::function<double()> read) {
  return observe(name, help, "counter", labels, std::move(read));
}

Observation MetricsRegistry::observe_gauge(std::string_view name, std::string_view help, const Labels& labels,
                                           std::function<double()> read) {
  return observe(name, help, "gauge", labels, std::move(read));
}

Observation MetricsRegistry::observe(std::string_view name, std::string_view help, const char* type,
                                     const Labels& labels, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  series(name, help, type, labels).readers.push_back({++last_reader_, std::move(read)});
  return {*this, last_reader_};
}

void MetricsRegistry::forget(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  for (Series& series : storage_) std::erase_if(series.readers, [id](const Reader& reader) { return reader.id == id; });
}

Observation::~Observation() {
  if (registry_ != nullptr) registry_->forget(id_);
}

double MetricsRegistry::Series::value() const {
  double sum = 0;
  for (const Reader& reader : readers) sum += reader.read();
  return sum;
}

std::optional<double> MetricsRegistry::value(std::string_view name, const Labels& labels) const {
  const std::lock_guard lock(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end()) return std::nullopt;
  const auto series = family->second.series.find(render_labels(labels));
  if (series == family->second.series.end()) return std::nullopt;
  const Series& found = *series->second;
  return found.readers.empty() ? static_cast<double>(found.metric.value()) : found.value();
}

/// The counts are of all values up to the bound.
void MetricsRegistry::render_histogram(std::string& out, std::string_view name, std::string_view labels,
                                       const Histogram& histogram) {
  const std::string_view inner = labels.empty() ? labels : labels.substr(1, labels.size() - 2);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < histogram.counts_.size(); ++i) {
    count += histogram.counts_[i].load(std::memory_order_relaxed);
    out.append(name).append("_bucket{").append(inner).append(inner.empty() ? "le=\"" : ",le=\"");
    if (i < histogram.bounds_.size()) {
      append_number(out, histogram.bounds_[i]);
    } else {
      out += "+Inf";
    }
    out += "\"} ";
    append_number(out, count);
    out += '\n';
  }
  out.append(name).append("_sum").append(labels).append(" ");
  append_number(out, histogram.sum_.load(std::memory_order_relaxed));
  out.append("\n").append(name).append("_count").append(labels).append(" ");
  append_number(out, count);
  out += '\n';
}

std::string MetricsRegistry::render() const {
  std::string out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, family.help, false);
    out.append("\n# TYPE ").append(name).append(" ").append(family.type).append("\n");
    for (const auto& [labels, series] : family.series) {
      if (series->histogram != nullptr) {
        render_histogram(out, name, labels, *series->histogram);
        continue;
      }
      out.append(name).append(labels).append(" ");
      if (series->readers.empty()) {
        append_number(out, series->metric.value());
      } else {
        append_number(out, series->value());
      }
      out += '\n';
    }
  }
  return out;
}

}  // namespace nanospan::gateway
