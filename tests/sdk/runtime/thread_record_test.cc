#include "sdk/runtime/thread_record.h"

#include <gtest/gtest.h>
#include <nanospan/context.h>

#include <cstdint>
#include <cstring>

namespace nanospan::sdk {
namespace {

// OTEP 4947, "Thread-Local Context Record".
struct Record {
  std::uint8_t trace_id[16];
  std::uint8_t span_id[8];
  std::uint8_t valid;
  std::uint8_t flags;
  std::uint16_t attribute_bytes;
};

TEST(ThreadRecord, IsTheOneThatReadersFind) { EXPECT_TRUE(thread_record_is_ours()); }

TEST(ThreadRecord, TheCurrentContextBeginsWithARecord) {
  const SpanContext context(TraceId::from_hex("0102030405060708090a0b0c0d0e0f10"), SpanId::from_hex("1112131415161718"),
                            TraceFlags::kSampled | TraceFlags::kRandom, true);
  const Scope scope(Context().with_span_context(context));
  Record record{};
  std::memcpy(&record, detail::thread_locals().current, sizeof record);
  EXPECT_EQ(std::memcmp(record.trace_id, &context.trace_id(), sizeof record.trace_id), 0);
  EXPECT_EQ(std::memcmp(record.span_id, &context.span_id(), sizeof record.span_id), 0);
  EXPECT_EQ(record.valid, 1);
  EXPECT_EQ(record.flags, 3);
  EXPECT_EQ(record.attribute_bytes, 0);
  EXPECT_TRUE(context.is_remote());
}

TEST(ThreadRecord, WithoutAScopeThereIsNone) { EXPECT_EQ(detail::thread_locals().current, nullptr); }

}  // namespace
}  // namespace nanospan::sdk
