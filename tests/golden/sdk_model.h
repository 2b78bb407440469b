// The naive model of a span: maps and vectors that follow the specification's sentences one by one, and the random
// values that both the model and the SDK are given.
#pragma once

#include <nanospan/attributes.h>
#include <nanospan/limits.h>

#include <bit>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/golden/sdk_sent.h"

namespace nanospan::golden {

/// The texts of this model are ill-formed exactly if they hold this byte.
inline constexpr char kIllFormed = '\xFF';

inline bool well_formed(std::string_view text) { return text.find(kIllFormed) == std::string_view::npos; }

/// common/attribute-type-mapping.md: where there is no bytes alternative, U+FFFD stands for what is ill-formed.
inline std::string repaired(std::string_view text) {
  std::string out;
  for (const char c : text) c == kIllFormed ? out += "\xEF\xBF\xBD" : out += c;
  return out;
}

/// common/README.md "Attribute Limits": characters, not bytes.
inline std::string first_characters(std::string_view text, std::uint32_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (starts && count-- == 0) break;
  }
  return std::string(text.substr(0, at));
}

inline std::string canonical(const AttributeValue& value, const SpanLimits& limits, std::uint32_t depth = 1) {
  using Type = AttributeValue::Type;
  const std::uint32_t length = limits.attribute_value_length_max;
  if (value.type() >= Type::kBoolArray && depth > limits.attribute_value_depth_max) return "e";
  const auto joined = [&](const auto& elements) {
    std::string out = "[";
    for (const auto& element : elements) out += canonical(AttributeValue(element), limits, depth + 1) + ",";
    return out + "]";
  };
  switch (value.type()) {
    case Type::kEmpty:
      return "e";
    case Type::kBool:
      return value.as_bool() ? "t" : "f";
    case Type::kInt:
      return "i:" + std::to_string(value.as_int());
    case Type::kDouble:
      return "d:" + std::to_string(std::bit_cast<std::uint64_t>(value.as_double()));
    case Type::kString:
      if (!well_formed(value.as_string())) return "b:" + std::string(value.as_string().substr(0, length));
      return "s:" + first_characters(value.as_string(), length);
    case Type::kBytes: {
      const auto bytes = value.as_bytes();
      return "b:" + std::string(bytes.begin(), bytes.end()).substr(0, length);
    }
    case Type::kBoolArray:
      return joined(value.as_bools());
    case Type::kIntArray:
      return joined(value.as_ints());
    case Type::kDoubleArray:
      return joined(value.as_doubles());
    case Type::kStringArray:
      return joined(value.as_strings());
    case Type::kArray:
      return joined(value.as_array());
    case Type::kMap: {
      std::map<std::string, std::string> entries;
      for (const Attribute& entry : value.as_map()) {
        entries[repaired(entry.key)] = canonical(entry.value, limits, depth + 1);
      }
      std::string out = "{";
      for (const auto& [key, text] : entries) out += key + "=" + text + ",";
      return out + "}";
    }
  }
  return "?";
}

/// common/README.md "Attribute Collections" and "Attribute Limits": unique, the last wins, only new keys are discarded.
class ModelAttributes {
 public:
  ModelAttributes(const SpanLimits& limits, std::uint32_t count_max) : limits_(limits), count_max_(count_max) {}

  void set(std::string_view key, const AttributeValue& value) {
    const std::string name = repaired(key);
    if (name.empty() || (entries_.size() >= count_max_ && !entries_.contains(name))) {
      ++dropped_;
      return;
    }
    entries_[name] = canonical(value, limits_);
  }
  void set(const Attributes& attributes) {
    for (const Attribute& attribute : attributes) set(attribute.key, attribute.value);
  }
  SentAttributes sorted() const { return {entries_.begin(), entries_.end()}; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  const SpanLimits& limits_;
  std::uint32_t count_max_;
  std::map<std::string, std::string> entries_;
  std::uint64_t dropped_ = 0;
};

/// Random values. What they point at lives as long as this object.
class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t bound) { return below(bound) == 0; }

  const std::string& text() {
    static const std::string kTexts[] = {
        "", "GET", "größe", "日本語のテキスト", "\U0001F4BC brief", std::string("ill") + kIllFormed + "formed", "\x7F"};
    if (one_in(8)) return keep(std::string(below(400), 'x'));
    if (one_in(20)) return keep(std::string(below(200), 'y') + "é" + std::string(below(2000), 'z'));
    return kTexts[below(std::size(kTexts))];
  }

  /// One of `variety` keys; a few are long, a few are not ASCII, a few are ill-formed or empty.
  const std::string& key(std::uint64_t variety) {
    const std::uint64_t number = below(variety);
    const std::string digits = std::to_string(number);
    if (one_in(300)) return keep("");
    switch (number % 16) {
      case 0:
        return keep(std::string(150, 'k') + digits);
      case 1:
        return keep("schlüssel." + digits);
      case 2:
        return keep(std::string("bad") + kIllFormed + digits);
      case 3:
        return keep("k" + digits);
      default:
        return keep("some.key." + digits);
    }
  }

  AttributeValue value(int depth = 0) {
    const std::uint64_t kinds = depth < 5 ? 13 : 6;
    switch (below(kinds)) {
      case 0:
        return AttributeValue();
      case 1:
        return one_in(2);
      case 2:
        return static_cast<std::int64_t>(random_() >> below(64));
      case 3:
        return std::bit_cast<double>(random_());
      case 4:
        return text();
      case 5:
        return keep_list<std::uint8_t>([&] { return static_cast<std::uint8_t>(random_()); });
      case 6:
        return keep_list<std::int64_t>([&] { return static_cast<std::int64_t>(random_()); });
      case 7:
        return keep_list<double>([&] { return 0.5 * static_cast<double>(below(100)); });
      case 8:
        return keep_list<std::string_view>([&]() -> std::string_view { return text(); });
      case 9: {
        static const bool kBools[] = {true, false, true};
        return std::span<const bool>(kBools, below(4));
      }
      case 10:
        return keep_list<AttributeValue>([&] { return value(depth + 1); });
      case 11:
        return std::span<const Attribute>(attributes(6, 4, depth + 1));
      default:
        return text();
    }
  }

  const std::vector<Attribute>& attributes(std::size_t count_bound, std::uint64_t variety, int depth = 0) {
    std::vector<Attribute> list;
    const std::size_t count = below(count_bound);
    for (std::size_t i = 0; i < count; ++i) list.push_back({key(variety), value(depth)});
    return lists_.emplace_back(std::move(list));
  }

 private:
  const std::string& keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  template <class T, class Make>
  AttributeValue keep_list(Make&& make) {
    std::vector<T> list;
    const std::size_t count = below(6);
    for (std::size_t i = 0; i < count; ++i) list.push_back(make());
    auto& all = std::get<std::deque<std::vector<T>>>(arrays_);
    return std::span<const T>(all.emplace_back(std::move(list)));
  }

  std::mt19937_64 random_;
  std::deque<std::string> texts_;
  std::deque<std::vector<Attribute>> lists_;
  std::tuple<std::deque<std::vector<std::uint8_t>>, std::deque<std::vector<std::int64_t>>,
             std::deque<std::vector<double>>, std::deque<std::vector<std::string_view>>,
             std::deque<std::vector<AttributeValue>>>
      arrays_;
};

}  // namespace nanospan::golden
