#include "export/console/console_exporter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/fake_span_batch.h"

namespace nanospan::exporters {
namespace {

namespace otlp = wire::otlp;

std::string printed(const testing::OtlpMessage& span) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  EXPECT_TRUE(ConsoleExporter(ends[1]).export_spans(testing::FakeSpanBatch({span})).success);
  std::string text(65536, '\0');
  const ssize_t count = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  ::close(ends[1]);
  return text.substr(0, static_cast<std::size_t>(count));
}

TEST(ConsoleExporter, ShowsASpanForPeople) {
  testing::OtlpMessage span = testing::otlp_span("checkout", SpanKind::kServer);
  span.message(otlp::Span::kAttributes, testing::otlp_int_attribute("order.items", 3));
  span.message(otlp::Span::kAttributes, testing::otlp_string_attribute("user", "ann"));
  testing::OtlpMessage event;
  event.fixed64(otlp::SpanEvent::kTimeUnixNano, 1'001'200'000).bytes(otlp::SpanEvent::kName, "cache miss");
  event.message(otlp::SpanEvent::kAttributes, testing::otlp_string_attribute("key", "a"));
  span.message(otlp::Span::kEvents, event);
  testing::OtlpMessage status;
  status.bytes(otlp::SpanStatus::kMessage, "no stock").varint(otlp::SpanStatus::kCode, 2);
  span.message(otlp::Span::kStatus, status);
  span.varint(otlp::Span::kDroppedLinksCount, 4);
  EXPECT_EQ(
      printed(span),
      "span checkout  server  12.345 ms  trace 4bf92f3577b34da6a3ce929d0e0e4736  span 00f067aa0ba902b7  scope shop\n"
      "  status error: no stock\n"
      "  order.items = 3\n"
      "  user = \"ann\"\n"
      "  event +1.200 ms  cache miss  key = \"a\"\n"
      "  dropped links: 4\n");
}

TEST(ConsoleExporter, ControlCharactersCannotTouchTheTerminal) {
  const std::string text = printed(testing::otlp_span("a\x1b[2J\nspan fake"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), text.size() - 1) << "one line";
}

TEST(ConsoleExporter, EndBeforeStartShowsAsNegative) {
  EXPECT_NE(printed(testing::otlp_span("odd", SpanKind::kInternal, 2'000'000, 1'000'000)).find("-1.000 ms"),
            std::string::npos);
}

TEST(ConsoleExporter, ClosedOutputCountsAsFailure) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_FALSE(ConsoleExporter(ends[1]).export_spans(testing::FakeSpanBatch({testing::otlp_span("x")})).success);
  ::close(ends[1]);
}

}  // namespace
}  // namespace nanospan::exporters
