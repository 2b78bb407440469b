// The tables hang together. Whether they say what OTLP says is for tests/golden/schema_test.cc, which needs the
// official schema.
#include "wire/otlp_schema.h"

#include <gtest/gtest.h>

#include <set>

namespace nanospan::wire {
namespace {

void check(const MessageSchema& message, std::set<const MessageSchema*>& seen) {
  if (!seen.insert(&message).second) return;
  SCOPED_TRACE(message.full_name);
  ASSERT_GT(message.by_number.size(), 1U);
  EXPECT_LE(message.by_number.size(), 32U) << "otlp_json_out.cc has room for 32";
  for (std::size_t number = 0; number < message.by_number.size(); ++number) {
    const FieldSchema& field = message.by_number[number];
    if (field.kind == FieldKind::kUnknown) {
      EXPECT_EQ(field.number, 0) << "a gap";
      EXPECT_EQ(field.wire_type, WireType::kEndGroup) << "no legal field may look like a gap";
      continue;
    }
    EXPECT_EQ(field.number, number);
    EXPECT_EQ(field.wire_type, field.is_packed() ? WireType::kBytes : wire_type_of(field.kind));
    EXPECT_FALSE(field.json_name.empty());
    EXPECT_FALSE(field.optional && (field.repeated || field.in_oneof));
    EXPECT_EQ(field.message != nullptr, field.kind == FieldKind::kMessage);
    EXPECT_EQ(!field.enum_names.empty(), field.kind == FieldKind::kEnum);
    if (field.message != nullptr) check(*field.message, seen);
  }
}

TEST(OtlpSchema, TablesAreConsistent) {
  std::set<const MessageSchema*> seen;
  for (const MessageSchema* const root : {&schema::kExportTraceServiceRequest, &schema::kExportTraceServiceResponse,
                                          &schema::kExportMetricsServiceRequest, &schema::kExportMetricsServiceResponse,
                                          &schema::kExportLogsServiceRequest, &schema::kExportLogsServiceResponse,
                                          &schema::kExportProfilesServiceResponse, &schema::kRpcStatus}) {
    check(*root, seen);
  }
  EXPECT_TRUE(seen.contains(&schema::kAnyValue));
  EXPECT_TRUE(seen.contains(&schema::kKeyValue));
}

}  // namespace
}  // namespace nanospan::wire
