// Registration and Prometheus text. The registry's lock is taken at start and by a scrape, never by a request.
// Thread-safe.
#include "gateway/telemetry/metrics.h"

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

MetricsRegistry::Series& MetricsRegistry::series(std::string_view name, std::string_view help, const char* type,
                                                 const Labels& labels) {
  const std::lock_guard lock(mutex_);
  Family& family = families_[std::string(name)];
  family.help = help;
  family.type = type;
  Series*& series = family.series[render_labels(labels)];
  if (series == nullptr) series = &storage_.emplace_back();
  return *series;
}

Metric& MetricsRegistry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return series(name, help, "counter", labels).metric;
}

Metric& MetricsRegistry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return series(name, help, "gauge", labels).metric;
}

void MetricsRegistry::observe_counter(std::string_view name, std::string_view help, const Labels& labels,
                                      std::function<double()> read) {
  series(name, help, "counter", labels).read = std::move(read);
}

void MetricsRegistry::observe_gauge(std::string_view name, std::string_view help, const Labels& labels,
                                    std::function<double()> read) {
  series(name, help, "gauge", labels).read = std::move(read);
}

std::string MetricsRegistry::render() const {
  std::string out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    out.append("# HELP ").append(name).append(" ");
    append_escaped(out, family.help, false);
    out.append("\n# TYPE ").append(name).append(" ").append(family.type).append("\n");
    for (const auto& [labels, series] : family.series) {
      out.append(name).append(labels).append(" ");
      if (series->read) {
        append_number(out, series->read());
      } else {
        append_number(out, series->metric.value());
      }
      out += '\n';
    }
  }
  return out;
}

}  // namespace nanospan::gateway
