// Headers as a propagator sees them, for tests: names without case, several lines of one name, in order.
#pragma once

#include <nanospan/propagation.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

class MapCarrier final : public TextMapSetter, public TextMapGetter {
 public:
  MapCarrier() = default;
  explicit MapCarrier(Headers all) : headers(std::move(all)) {}

  void set(std::string_view key, std::string_view value) override {
    headers.erase(std::remove_if(headers.begin(), headers.end(), [&](const auto& h) { return same(h.first, key); }),
                  headers.end());
    headers.emplace_back(key, value);
  }
  std::string_view get(std::string_view key) const override {
    for (const auto& [name, value] : headers) {
      if (same(name, key)) return value;
    }
    return {};
  }
  std::vector<std::string> get_all(std::string_view key) const override {
    std::vector<std::string> values;
    for (const auto& [name, value] : headers) {
      if (same(name, key)) values.push_back(value);
    }
    return values;
  }
  std::vector<std::string> keys() const override {
    std::vector<std::string> names;
    for (const auto& header : headers) names.push_back(header.first);
    return names;
  }

  Headers headers;

 private:
  static bool same(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
  }
};

/// What `propagator` sends for `context`.
inline Headers injected(const TextMapPropagator& propagator, const Context& context) {
  MapCarrier carrier;
  propagator.inject(context, carrier);
  return carrier.headers;
}

/// The root context with what `propagator` reads from `headers`.
inline Context extracted(const TextMapPropagator& propagator, Headers headers) {
  return propagator.extract(Context::root(), MapCarrier(std::move(headers)));
}

}  // namespace nanospan::testing
