// Parsing, and the values that thresholds look at.
#include "load/threshold.h"

#include <charconv>
#include <cstdio>
#include <optional>

namespace nanospan::load {
namespace {

constexpr std::string_view kForms = "it must be like p99<100ms, max<1s, mean<20ms, rate>1000 or errors<1%";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// The number at the front of `text`, which becomes what follows it.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || value < 0) return std::nullopt;
  text = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
  return value;
}

std::optional<double> nanos_per(std::string_view unit) {
  if (unit == "ms" || unit.empty()) return 1e6;
  if (unit == "us") return 1e3;
  if (unit == "s") return 1e9;
  return std::nullopt;
}

}  // namespace

Result<Threshold> Threshold::parse(std::string_view text) {
  const Error wrong{ErrorCode::kInvalidArgument, "threshold \"" + std::string(text) + "\": " + std::string(kForms)};
  Threshold threshold;
  threshold.text_ = text;
  const std::size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) return wrong;
  std::string_view name = trimmed(text.substr(0, sign));
  std::string_view rest = text.substr(sign + 1);
  threshold.below_ = text[sign] == '<';
  threshold.or_equal_ = rest.starts_with('=');
  rest = trimmed(rest.substr(threshold.or_equal_ ? 1 : 0));
  const std::optional<double> bound = take_number(rest);
  if (!bound) return wrong;

  double scale = 1;
  if (name == "rate") {
    threshold.metric_ = Metric::kRate;
    if (!rest.empty() && rest != "/s") return wrong;
  } else if (name == "errors") {
    threshold.metric_ = Metric::kErrors;
    if (!rest.empty() && rest != "%") return wrong;
    scale = rest == "%" ? 0.01 : 1;
  } else {
    threshold.metric_ = name == "mean" ? Metric::kMean : name == "max" ? Metric::kMax : Metric::kQuantile;
    if (threshold.metric_ == Metric::kQuantile) {
      if (!name.starts_with('p')) return wrong;
      name.remove_prefix(1);
      const std::optional<double> percent = take_number(name);
      if (!percent || !name.empty() || *percent <= 0 || *percent >= 100) return wrong;
      threshold.quantile_ = *percent / 100;
    }
    const std::optional<double> unit = nanos_per(rest);
    if (!unit) return wrong;
    scale = *unit;
  }
  threshold.bound_ = *bound * scale;
  return threshold;
}

double Threshold::value(const HttpLoadResult& result) const {
  switch (metric_) {
    case Metric::kQuantile:
      return static_cast<double>(result.latency.quantile(quantile_));
    case Metric::kMean:
      return result.latency.mean();
    case Metric::kMax:
      return static_cast<double>(result.latency.max());
    case Metric::kRate:
      return result.requests_per_second();
    case Metric::kErrors:
      return result.error_share();
  }
  return 0;
}

bool Threshold::holds(const HttpLoadResult& result) const {
  const double now = value(result);
  if (or_equal_ && now == bound_) return true;
  return below_ ? now < bound_ : now > bound_;
}

std::string Threshold::measured(const HttpLoadResult& result) const {
  const double now = value(result);
  if (metric_ != Metric::kRate && metric_ != Metric::kErrors) return format_latency(now);
  char text[32];
  std::snprintf(text, sizeof text, metric_ == Metric::kRate ? "%.0f/s" : "%.2f %%",
                metric_ == Metric::kRate ? now : now * 100);
  return text;
}

std::string format_latency(double nanos) {
  const char* const unit = nanos < 1e9 ? "ms" : "s";
  const double value = nanos < 1e9 ? nanos / 1e6 : nanos / 1e9;
  char text[32];
  std::snprintf(text, sizeof text,
                value < 1     ? "%.3f %s"
                : value < 10  ? "%.2f %s"
                : value < 100 ? "%.1f %s"
                              : "%.0f %s",
                value, unit);
  return text;
}

}  // namespace nanospan::load
