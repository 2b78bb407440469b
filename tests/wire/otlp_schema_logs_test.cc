// Logs through their tables.
#include <gtest/gtest.h>

#include <string>

#include "tests/wire/field.h"
#include "wire/validate.h"

namespace nanospan::wire {
namespace {

TEST(OtlpSchemaLogs, LogRecordsAreCountedAndTheirTextChecked) {
  const auto walk = [](std::string_view record) {
    return validate(schema::kExportLogsServiceRequest,
                    field(otlp::ExportLogsServiceRequest::kResourceLogs,
                          field(otlp::ResourceLogs::kScopeLogs, field(otlp::ScopeLogs::kLogRecords, record))));
  };
  const WalkResult good = walk(field(otlp::LogRecord::kBody, field(otlp::AnyValue::kStringValue, "text")));
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(good.counts.items, 1U);
  EXPECT_STREQ(walk(field(otlp::LogRecord::kBody, field(otlp::AnyValue::kStringValue, "\xC3"))).fault.text,
               "string is not valid UTF-8");
  EXPECT_STREQ(walk(field(otlp::LogRecord::kTraceId, "short")).fault.text, "trace id is not 16 bytes long");
}

}  // namespace
}  // namespace nanospan::wire
