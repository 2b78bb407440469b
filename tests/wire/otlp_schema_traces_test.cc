// Traces: what newer senders add is unknown.
#include <gtest/gtest.h>

#include "wire/otlp_schema.h"

namespace nanospan::wire {
namespace {

TEST(OtlpSchemaTraces, NumbersWithoutAFieldAreUnknown) {
  const MessageSchema& request = schema::kExportTraceServiceRequest;
  EXPECT_EQ(request.field(otlp::ExportTraceServiceRequest::kResourceSpans).kind, FieldKind::kMessage);
  for (const std::uint32_t number : {0U, 2U, 1000U, (1U << 29) - 1}) {
    EXPECT_EQ(request.field(number).kind, FieldKind::kUnknown) << number;
  }
}

}  // namespace
}  // namespace nanospan::wire
