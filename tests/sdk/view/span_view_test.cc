// trace/sdk.md "Additional Span Interfaces": a readable span gives all that was added to the span, its dropped counts,
// its scope (T61) and its resource.
#include <gtest/gtest.h>
#include <nanospan/span_view.h>

#include <string>
#include <vector>

#include "sdk/trace/value_encoder.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan {
namespace {

namespace otlp = wire::otlp;

const std::string kTrace("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 16);
const std::string kSpan("\x11\x12\x13\x14\x15\x16\x17\x18", 8);
const std::string kParent("\x21\x22\x23\x24\x25\x26\x27\x28", 8);

class SpanViewTest : public ::testing::Test {
 protected:
  using Out = wire::Appender<std::string>;

  void add_event(std::uint64_t time, std::string_view name, Attributes attributes, std::uint32_t dropped) {
    std::string event;
    Out(event).fixed64_field(otlp::SpanEvent::kTimeUnixNano, time);
    Out(event).bytes_field(otlp::SpanEvent::kName, name);
    sdk::append_attributes(event, otlp::SpanEvent::kAttributes, attributes, 128, {});
    Out(event).varint_field(otlp::SpanEvent::kDroppedAttributesCount, dropped);
    Out(bytes_).bytes_field(otlp::Span::kEvents, event);
  }
  void add_link(std::uint32_t flags, std::string_view state) {
    std::string link;
    Out(link).bytes_field(otlp::SpanLink::kTraceId, kTrace);
    Out(link).bytes_field(otlp::SpanLink::kSpanId, kParent);
    Out(link).bytes_field(otlp::SpanLink::kTraceState, state);
    Out(link).fixed32_field(otlp::SpanLink::kFlags, flags);
    Out(bytes_).bytes_field(otlp::Span::kLinks, link);
  }
  void add_ids() {
    Out(bytes_).bytes_field(otlp::Span::kTraceId, kTrace);
    Out(bytes_).bytes_field(otlp::Span::kSpanId, kSpan);
  }
  SpanView view(bool ended = true) const {
    return SpanView({reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()}, resource_, scope_, ended);
  }

  std::string bytes_;
  Resource resource_{Attributes({{"service.name", "shop"}})};
  InstrumentationScope scope_{.name = "scope", .version = "1"};
};

TEST_F(SpanViewTest, ReadsTheFieldsOfASpan) {
  add_ids();
  Out out(bytes_);
  out.bytes_field(otlp::Span::kTraceState, "a=1,b=2");
  out.varint_field(otlp::Span::kKind, 3);
  out.fixed64_field(otlp::Span::kStartTimeUnixNano, 1'000);
  out.fixed64_field(otlp::Span::kEndTimeUnixNano, 2'000);
  out.fixed32_field(otlp::Span::kFlags, 0x303);
  out.bytes_field(otlp::Span::kParentSpanId, kParent);
  out.bytes_field(otlp::Span::kName, "checkout");
  const Attribute attributes[] = {{"a", 1}, {"b", "x"}};
  sdk::append_attributes(bytes_, otlp::Span::kAttributes, Attributes(attributes), 128, {});
  out.varint_field(otlp::Span::kDroppedAttributesCount, 4);
  out.varint_field(otlp::Span::kDroppedEventsCount, 5);
  out.varint_field(otlp::Span::kDroppedLinksCount, 6);
  std::string status;
  Out(status).bytes_field(otlp::SpanStatus::kMessage, "no stock");
  Out(status).varint_field(otlp::SpanStatus::kCode, 2);
  out.bytes_field(otlp::Span::kStatus, status);

  const SpanView span = view();
  EXPECT_EQ(span.name(), "checkout");
  EXPECT_EQ(span.context().trace_id().to_hex(), "0102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(span.context().span_id().to_hex(), "1112131415161718");
  EXPECT_EQ(span.context().trace_flags(), 3);
  EXPECT_FALSE(span.context().is_remote());
  EXPECT_EQ(span.context().trace_state().header(), "a=1,b=2");
  EXPECT_EQ(span.parent().trace_id(), span.context().trace_id());
  EXPECT_EQ(span.parent().span_id().to_hex(), "2122232425262728");
  EXPECT_TRUE(span.parent().is_remote());
  EXPECT_EQ(span.kind(), SpanKind::kClient);
  EXPECT_EQ(span.start_unix_nanos(), 1'000U);
  EXPECT_EQ(span.end_unix_nanos(), 2'000U);
  EXPECT_TRUE(span.has_ended());
  EXPECT_EQ(span.attributes().size(), 2U);
  EXPECT_EQ(span.attributes()["b"].as_string(), "x");
  EXPECT_EQ(span.dropped_attributes_count(), 4U);
  EXPECT_EQ(span.dropped_events_count(), 5U);
  EXPECT_EQ(span.dropped_links_count(), 6U);
  EXPECT_EQ(span.status(), StatusCode::kError);
  EXPECT_EQ(span.status_description(), "no stock");
  EXPECT_EQ(span.scope().name, "scope");
  EXPECT_EQ(span.resource().string_value("service.name"), "shop");
  EXPECT_EQ(span.bytes().size(), bytes_.size());
}

TEST_F(SpanViewTest, ARootSpanHasAnInvalidParent) {
  add_ids();
  Out(bytes_).fixed32_field(otlp::Span::kFlags, 0x101);
  EXPECT_FALSE(view().parent().is_valid());
  EXPECT_FALSE(view(false).has_ended());
}

TEST_F(SpanViewTest, EventsAndLinksKeepTheirOrder) {
  add_ids();
  add_event(5, "first", {}, 0);
  add_link(0x301, "x=1");
  const Attribute attributes[] = {{"n", 7}};
  add_event(4, "second", Attributes(attributes), 2);
  add_link(0x100, "");

  std::vector<std::string> names;
  view().for_each_event([&](const EventView& event) { names.emplace_back(event.name); });
  EXPECT_EQ(names, (std::vector<std::string>{"first", "second"}));
  view().for_each_event([&](const EventView& event) {
    if (event.name != "second") return;
    EXPECT_EQ(event.unix_nanos, 4U);
    EXPECT_EQ(event.attributes["n"].as_int(), 7);
    EXPECT_EQ(event.dropped_attributes_count, 2U);
  });

  std::vector<SpanContext> links;
  view().for_each_link([&](const LinkView& link) { links.push_back(link.context); });
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].span_id().to_hex(), "2122232425262728");
  EXPECT_TRUE(links[0].is_remote());
  EXPECT_TRUE(links[0].is_sampled());
  EXPECT_EQ(links[0].trace_state().header(), "x=1");
  EXPECT_FALSE(links[1].is_remote());
}

// UpdateName and SetStatus may append a second time; the last one counts, as everywhere in protobuf.
TEST_F(SpanViewTest, OfRepeatedFieldsTheLastCounts) {
  Out(bytes_).bytes_field(otlp::Span::kName, "old");
  Out(bytes_).bytes_field(otlp::Span::kName, "new");
  EXPECT_EQ(view().name(), "new");
}

TEST_F(SpanViewTest, DefaultsOfAnEmptyMessage) {
  EXPECT_EQ(view().name(), "");
  EXPECT_EQ(view().context(), SpanContext());
  EXPECT_EQ(view().kind(), SpanKind::kInternal);
  EXPECT_EQ(view().status(), StatusCode::kUnset);
  EXPECT_TRUE(view().attributes().empty());
}

TEST_F(SpanViewTest, ForeignBytesAreReadWithoutTrust) {
  Out(bytes_).bytes_field(otlp::Span::kTraceId, "short");
  Out(bytes_).varint_field(otlp::Span::kKind, 77);
  std::string status;
  Out(status).varint_field(otlp::SpanStatus::kCode, 9);
  Out(bytes_).bytes_field(otlp::Span::kStatus, status);
  bytes_ += "\x0B";  // A group: the end of what can be read.
  Out(bytes_).bytes_field(otlp::Span::kName, "never seen");
  EXPECT_FALSE(view().context().is_valid());
  EXPECT_EQ(view().kind(), SpanKind::kInternal);
  EXPECT_EQ(view().status(), StatusCode::kUnset);
  EXPECT_EQ(view().name(), "");
}

}  // namespace
}  // namespace nanospan
