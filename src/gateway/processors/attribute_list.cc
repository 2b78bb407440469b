// Looking up and changing attributes: a scan, since there are few. Threads: see the header.
#include "gateway/processors/attribute_list.h"

#include <algorithm>

#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;

}  // namespace

void AttributeList::clear() {
  attributes_.clear();
  kept_.clear();
  changed_ = false;
}

void AttributeList::add(const wire::Reader& at_attribute) {
  Attribute& attribute = attributes_.emplace_back();
  attribute.raw = at_attribute.raw_field();
  bool has_value = false;
  for (wire::Reader pair = at_attribute.message(); pair.next();) {
    if (pair.is(otlp::KeyValue::kKey, wire::WireType::kBytes)) attribute.key = pair.bytes();
    if (!pair.is(otlp::KeyValue::kValue, wire::WireType::kBytes)) continue;
    // A second value is merged with the first (protobuf, "Last One Wins"): its fields follow.
    attribute.value =
        std::exchange(has_value, true) ? keep(std::string(attribute.value) + std::string(pair.bytes())) : pair.bytes();
  }
}

const AttributeList::Attribute* AttributeList::find(std::string_view key) const {
  const auto found =
      std::find_if(attributes_.begin(), attributes_.end(), [&](const Attribute& a) { return a.key == key; });
  return found == attributes_.end() ? nullptr : &*found;
}

void AttributeList::set(std::string_view key, std::string_view value) {
  const Attribute* const there = find(key);
  if (there != nullptr && there->value == value) return;
  changed_ = true;
  const std::string_view kept = keep(value);
  if (there == nullptr) {
    attributes_.push_back({keep(key), kept, {}});
  } else {
    Attribute& attribute = attributes_[static_cast<std::size_t>(there - attributes_.data())];
    attribute.value = kept;
    attribute.raw = {};
  }
}

void AttributeList::remove(std::string_view key) {
  const std::string copy(key);  // It may be a view of what is being removed.
  changed_ |= std::erase_if(attributes_, [&](const Attribute& a) { return a.key == copy; }) != 0;
}

void AttributeList::write(std::uint32_t field, std::string& out) const {
  wire::Appender to(out);
  for (const Attribute& attribute : attributes_) {
    if (!attribute.raw.empty()) {
      to.raw(attribute.raw);
      continue;
    }
    to.message_header(field, wire::bytes_field_size(otlp::KeyValue::kKey, attribute.key.size()) +
                                 wire::bytes_field_size(otlp::KeyValue::kValue, attribute.value.size()));
    to.bytes_field(otlp::KeyValue::kKey, attribute.key);
    to.bytes_field(otlp::KeyValue::kValue, attribute.value);
  }
}

}  // namespace nanospan::gateway
