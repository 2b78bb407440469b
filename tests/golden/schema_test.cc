// Every number, kind and JSON name in our tables against the official descriptors, and none of theirs missing in ours.
#include "wire/otlp_schema.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/golden/oracle.h"

namespace nanospan::golden {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;
using wire::FieldKind;
using wire::FieldSchema;
using wire::MessageSchema;

FieldDescriptor::Type official_type(FieldKind kind) {
  switch (kind) {
    case FieldKind::kBool:
      return FieldDescriptor::TYPE_BOOL;
    case FieldKind::kInt32:
      return FieldDescriptor::TYPE_INT32;
    case FieldKind::kUint32:
      return FieldDescriptor::TYPE_UINT32;
    case FieldKind::kInt64:
      return FieldDescriptor::TYPE_INT64;
    case FieldKind::kUint64:
      return FieldDescriptor::TYPE_UINT64;
    case FieldKind::kSint32:
      return FieldDescriptor::TYPE_SINT32;
    case FieldKind::kSfixed64:
      return FieldDescriptor::TYPE_SFIXED64;
    case FieldKind::kEnum:
      return FieldDescriptor::TYPE_ENUM;
    case FieldKind::kFixed32:
      return FieldDescriptor::TYPE_FIXED32;
    case FieldKind::kFixed64:
      return FieldDescriptor::TYPE_FIXED64;
    case FieldKind::kDouble:
      return FieldDescriptor::TYPE_DOUBLE;
    case FieldKind::kString:
      return FieldDescriptor::TYPE_STRING;
    case FieldKind::kBytes:
    case FieldKind::kTraceId:
    case FieldKind::kSpanId:
      return FieldDescriptor::TYPE_BYTES;
    case FieldKind::kMessage:
      return FieldDescriptor::TYPE_MESSAGE;
    case FieldKind::kUnknown:
      break;
  }
  return FieldDescriptor::TYPE_GROUP;
}

bool ends_with(const std::string& text, std::string_view ending) { return std::string_view(text).ends_with(ending); }

void check_field(const FieldSchema& ours, const FieldDescriptor& official) {
  SCOPED_TRACE(official.full_name());
  EXPECT_EQ(official_type(ours.kind), official.type());
  EXPECT_EQ(ours.wire_type, official.is_packed() ? wire::WireType::kBytes : wire::wire_type_of(ours.kind));
  EXPECT_EQ(ours.is_packed(), official.is_packed());
  EXPECT_EQ(ours.repeated, official.is_repeated());
  EXPECT_EQ(ours.optional, official.containing_oneof() != nullptr && official.real_containing_oneof() == nullptr);
  EXPECT_EQ(ours.json_name, official.json_name());
  EXPECT_EQ(ours.in_oneof, official.real_containing_oneof() != nullptr);
  EXPECT_EQ(ours.kind == FieldKind::kTraceId, ends_with(official.name(), "trace_id"));
  EXPECT_EQ(ours.kind == FieldKind::kSpanId, ends_with(official.name(), "span_id"));
  if (ours.kind == FieldKind::kMessage && official.message_type() != nullptr) {
    ASSERT_NE(ours.message, nullptr);
    EXPECT_EQ(ours.message->full_name, official.message_type()->full_name());
  }
  if (ours.kind == FieldKind::kEnum && official.enum_type() != nullptr) {
    EXPECT_EQ(ours.enum_names.size(), static_cast<std::size_t>(official.enum_type()->value_count()));
    for (const wire::EnumName& name : ours.enum_names) {
      const pb::EnumValueDescriptor* const value = official.enum_type()->FindValueByName(std::string(name.name));
      ASSERT_NE(value, nullptr) << name.name;
      EXPECT_EQ(value->number(), name.value);
    }
  }
}

enum class Depth { kWhole, kOnlyWhatIsThere };

void check_message(const Oracle& oracle, const MessageSchema& ours, std::set<const MessageSchema*>& seen,
                   Depth depth = Depth::kWhole) {
  if (!seen.insert(&ours).second) return;
  SCOPED_TRACE(ours.full_name);
  const pb::Descriptor* const official = oracle.descriptor(ours.full_name);
  ASSERT_NE(official, nullptr);
  EXPECT_LE(official->real_oneof_decl_count(), 1) << "FieldSchema::in_oneof has room for one";
  int count = 0;
  for (std::size_t number = 0; number < ours.by_number.size(); ++number) {
    const FieldSchema& field = ours.by_number[number];
    if (field.kind == FieldKind::kUnknown) continue;
    ++count;
    ASSERT_EQ(field.number, number);
    const FieldDescriptor* const theirs = official->FindFieldByNumber(field.number);
    ASSERT_NE(theirs, nullptr) << number;
    check_field(field, *theirs);
    if (field.message != nullptr) check_message(oracle, *field.message, seen, depth);
  }
  if (depth == Depth::kWhole) {
    EXPECT_EQ(count, official->field_count()) << "a field of the official schema is missing in ours";
  }
}

TEST(SchemaAgainstOfficialDescriptors, EveryMessageReachableFromTheRoots) {
  const Oracle* const oracle = Oracle::get();
  if (oracle == nullptr) GTEST_SKIP() << Oracle::kMissing;
  std::set<const MessageSchema*> seen;
  for (const MessageSchema* root :
       {&wire::schema::kExportTraceServiceRequest, &wire::schema::kExportTraceServiceResponse,
        &wire::schema::kExportMetricsServiceRequest, &wire::schema::kExportMetricsServiceResponse,
        &wire::schema::kExportLogsServiceRequest, &wire::schema::kExportLogsServiceResponse,
        &wire::schema::kExportProfilesServiceResponse, &wire::schema::kRpcStatus, &wire::schema::kKeyValue,
        &wire::schema::kAnyValue}) {
    check_message(*oracle, *root, seen);
  }
  check_message(*oracle, wire::schema::kExportProfilesServiceRequest, seen, Depth::kOnlyWhatIsThere);
  EXPECT_EQ(seen.size(), 49U);
}

}  // namespace
}  // namespace nanospan::golden
