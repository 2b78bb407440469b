// AttributeList: the attributes of one span or resource, taken apart just far enough to change some of them.
//
// Those that stay are their old bytes; only new ones are written. Refers to the bytes that it was read from. One
// thread; its memory is reused by clear().
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "wire/reader.h"

namespace nanospan::gateway {

class AttributeList {
 public:
  struct Attribute {
    std::string_view key;
    std::string_view value;  ///< The content of its AnyValue.
    std::string_view raw;    ///< The whole field as it came; empty if it is new.
  };

  void clear();
  /// The attribute that `at_attribute` stands at.
  void add(const wire::Reader& at_attribute);

  const std::vector<Attribute>& all() const { return attributes_; }
  bool changed() const { return changed_; }
  /// The first of this key, or null. Of equal keys, which OTLP forbids, the others stay as they are.
  const Attribute* find(std::string_view key) const;
  /// Changes the value, or adds the attribute at the end. `value` is copied.
  void set(std::string_view key, std::string_view value);
  /// Removes all of this key.
  void remove(std::string_view key);

  /// Appends them as fields of this number.
  void write(std::uint32_t field, std::string& out) const;

 private:
  std::string_view keep(std::string_view text) { return kept_.emplace_back(text); }

  std::vector<Attribute> attributes_;
  std::deque<std::string> kept_;
  bool changed_ = false;
};

}  // namespace nanospan::gateway
