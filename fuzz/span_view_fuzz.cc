// LINK: nanospan_sdk
// What processors and exporters read of a span: any bytes are read to their end without trust, and of a span that the
// SDK has recorded a view gives back what was set.
//
//   input: | 0: an OTLP Span as it lies; else: operations on a span | ... |
#include <nanospan/diagnostics.h>
#include <nanospan/span_processor.h>
#include <nanospan/tracer_provider.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/carrier.h"
#include "wire/utf8.h"

namespace {

using namespace nanospan;
using fuzz::check;
using Type = AttributeValue::Type;

// --- Values as text, from either side ---
//
//   e  t f  i:1  d:bits  s:text  b:bytes  [a,b]  {key=value,...} with sorted keys

std::string text_of(const ValueView& value) {
  std::string out;
  std::map<std::string, std::string> entries;
  switch (value.type()) {
    case Type::kBool:
      return value.as_bool() ? "t" : "f";
    case Type::kInt:
      return "i:" + std::to_string(value.as_int());
    case Type::kDouble:
      return "d:" + std::to_string(std::bit_cast<std::uint64_t>(value.as_double()));
    case Type::kString:
      return "s:" + std::string(value.as_string());
    case Type::kBytes:
      return "b:" + std::string(value.as_bytes().begin(), value.as_bytes().end());
    case Type::kArray:
      value.for_each_element([&](const ValueView& element) { out += text_of(element) + ","; });
      return "[" + out + "]";
    case Type::kMap:
      value.for_each_entry(
          [&](std::string_view key, const ValueView& entry) { check(entries.emplace(key, text_of(entry)).second); });
      for (const auto& [key, text] : entries) out += key + "=" + text + ",";
      return "{" + out + "}";
    default:
      return "e";
  }
}

using AttributeTexts = std::map<std::string, std::string>;

AttributeTexts texts_of(const AttributesView& attributes) {
  AttributeTexts out;
  for (const AttributeView& attribute : attributes) {
    check(out.emplace(attribute.key, text_of(attribute.value)).second);
    check(attributes.contains(attribute.key));
    check(text_of(attributes[attribute.key]) == out.at(std::string(attribute.key)));
  }
  check(attributes.size() == out.size() && attributes.empty() == out.empty());
  return out;
}

/// A value, and the text that a view of it must have.
struct Made {
  AttributeValue value;
  std::string text = "e";
};

/// Makes values of the input's bytes; what they point at lives as long as this.
class Source {
 public:
  explicit Source(std::string_view input) : input_(input) {}

  bool at_end() const { return input_.empty(); }
  std::uint8_t byte() {
    if (input_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(input_.front());
    input_.remove_prefix(1);
    return value;
  }
  std::uint64_t word() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }
  std::string_view text() {
    const std::string_view taken = input_.substr(0, byte());
    input_.remove_prefix(std::min(input_.size(), taken.size()));
    return taken;
  }

  Made value(unsigned depth = 0) {
    switch (byte() % (depth < 5 ? 8 : 6)) {
      case 0:
        return {};
      case 1: {
        const bool is = byte() % 2 != 0;
        return {is, is ? "t" : "f"};
      }
      case 2: {
        const auto number = static_cast<std::int64_t>(word());
        return {number, "i:" + std::to_string(number)};
      }
      case 3: {
        const std::uint64_t bits = word();
        return {std::bit_cast<double>(bits), "d:" + std::to_string(bits)};
      }
      case 4: {
        // common/attribute-type-mapping.md: what is no UTF-8 becomes bytes.
        const std::string_view words = text();
        return {words, (wire::is_valid_utf8(words) ? "s:" : "b:") + std::string(words)};
      }
      case 5: {
        const std::string_view bytes = text();
        const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        return {std::span(data, bytes.size()), "b:" + std::string(bytes)};
      }
      case 6: {
        auto& elements = arrays_.emplace_back();
        std::string out;
        for (int left = byte() % 6; left > 0; --left) {
          const Made element = value(depth + 1);
          elements.push_back(element.value);
          out += element.text + ",";
        }
        return {std::span<const AttributeValue>(elements), "[" + out + "]"};
      }
      default: {
        AttributeTexts texts;
        const Attributes entries = attributes(texts, depth + 1);
        std::string out;
        for (const auto& [key, text] : texts) out += key + "=" + text + ",";
        return {std::span<const Attribute>(entries.begin(), entries.size()), "{" + out + "}"};
      }
    }
  }
  /// `texts`: what must be there, of equal keys the last one.
  Attributes attributes(AttributeTexts& texts, unsigned depth = 0) {
    auto& list = lists_.emplace_back();
    for (int left = byte() % 6; left > 0; --left) {
      const std::string_view key = text();
      const Made made = value(depth);
      list.push_back({key, made.value});
      // Attributes need a key, entries of maps do not.
      if (!key.empty() || depth != 0) texts[wire::repair_utf8(key)] = made.text;
    }
    return list;
  }

 private:
  std::string_view input_;
  std::deque<std::vector<AttributeValue>> arrays_;
  std::deque<std::vector<Attribute>> lists_;
};

struct SpanTexts {
  std::string name, description;
  AttributeTexts attributes;
  std::vector<std::pair<std::string, AttributeTexts>> events, links;

  bool operator==(const SpanTexts&) const = default;
};

SpanTexts texts_of(const SpanView& span) {
  SpanTexts out{std::string(span.name()), std::string(span.status_description()), texts_of(span.attributes()), {}, {}};
  span.for_each_event([&](const EventView& event) { out.events.emplace_back(event.name, texts_of(event.attributes)); });
  span.for_each_link([&](const LinkView& link) {
    out.links.emplace_back(link.context.trace_state().header(), texts_of(link.attributes));
  });
  return out;
}

/// Keeps what the last span looked like to processors.
class Watcher final : public SpanProcessor {
 public:
  void on_ending(SpanRef& span) override { ending = texts_of(span.snapshot()); }
  void on_end(const SpanView& span) override {
    check(span.has_ended() && span.end_unix_nanos() >= span.start_unix_nanos());
    ended = texts_of(span);
  }
  SpanTexts ending, ended;
};

void check_recorded(Source source) {
  static const auto watcher = std::make_shared<Watcher>();
  static TracerProvider provider = [] {
    set_error_handler([](std::string_view, std::string_view) {});  // of attributes without a key, say
    TracerProviderOptions options;
    options.processors.push_back(watcher);
    return TracerProvider::create(std::move(options)).value();
  }();
  static Tracer tracer = provider.tracer({.name = "fuzz"});
  static const SpanContext linked(TraceId::from_bytes("0123456789abcdef"), SpanId::from_bytes("01234567"), 1, true,
                                  TraceState::parse("a=b"));

  SpanTexts expected;
  Span span = tracer.start_span("fuzz");
  expected.name = "fuzz";
  for (int operations = 0; operations < 100 && !source.at_end(); ++operations) {
    AttributeTexts texts;
    switch (source.byte() % 5) {
      case 0:
        span.set(source.attributes(expected.attributes));
        break;
      case 1: {
        const std::string_view name = source.text();
        span.add_event(name, source.attributes(texts));
        expected.events.emplace_back(wire::repair_utf8(name), texts);
        break;
      }
      case 2:
        span.add_link(linked, source.attributes(texts));
        expected.links.emplace_back("a=b", texts);
        break;
      case 3: {
        const std::string_view name = source.text();
        span.update_name(name);
        expected.name = wire::repair_utf8(name);
        break;
      }
      default: {
        const std::string_view words = source.text();
        span.set_status(StatusCode::kError, words);
        expected.description = wire::repair_utf8(words);
      }
    }
  }
  if (expected.attributes.size() > SpanLimits().attribute_count_max) return span.end();
  span.end();
  check(watcher->ending == expected);
  check(watcher->ended == expected);
}

// --- Bytes from elsewhere ---

void read_attributes(const AttributesView& attributes) {
  std::size_t count = 0;
  for (const AttributeView& attribute : attributes) {
    ++count;
    check(attributes.contains(attribute.key));
    const std::string text = attribute.value.to_text();
    const Type type = attribute.value.type();
    check(type == Type::kString ? text == attribute.value.as_string() : wire::is_valid_utf8(text));
    check((type == Type::kEmpty) == (text.empty() && type != Type::kString && type != Type::kBytes));
  }
  check(count == attributes.size() && (count == 0) == attributes.empty());
  check(!attributes.contains("a key that is not there") || count != 0);
}

void check_foreign(std::string_view bytes) {
  static const Resource resource;
  static const InstrumentationScope scope{.name = "fuzz"};
  const SpanView span({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, resource, scope, true);
  read_attributes(span.attributes());
  std::size_t held = span.name().size() + span.status_description().size();
  span.for_each_event([&](const EventView& event) {
    held += event.name.size();
    read_attributes(event.attributes);
  });
  span.for_each_link([&](const LinkView& link) { read_attributes(link.attributes); });
  check(held <= bytes.size());
  check(span.parent().is_valid() ? span.parent().trace_id() == span.context().trace_id() : true);
  check(span.kind() >= SpanKind::kInternal && span.kind() <= SpanKind::kConsumer);
  check(span.status() <= StatusCode::kError);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 0) {
    check_foreign(rest);
  } else {
    check_recorded(Source(rest));
  }
  return 0;
}
