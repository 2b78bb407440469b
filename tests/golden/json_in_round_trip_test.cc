// protobuf -> our JSON -> our protobuf means the same to libprotobuf, for whole samples and for damaged ones that are
// still valid (repeated singular fields, interleaved lists, several members of a oneof, unknown fields).
#include <gtest/gtest.h>

#include <string>

#include "tests/golden/mutate.h"
#include "tests/golden/oracle.h"
#include "tests/golden/samples.h"
#include "wire/json_reader/otlp_json_in.h"
#include "wire/otlp_json_out.h"
#include "wire/validate.h"

namespace nanospan::golden {
namespace {

class JsonRoundTrip : public ::testing::Test {
 protected:
  void SetUp() override {
    if (oracle_ == nullptr) GTEST_SKIP() << Oracle::kMissing;
  }

  void expect_same_meaning(const std::string& bytes) {
    std::string json;
    const Status written = wire::append_traces_json(bytes, json);
    ASSERT_TRUE(written.ok()) << written.error().message;
    std::string back;
    const Status read = reader_.read_traces(json, back);
    ASSERT_TRUE(read.ok()) << read.error().message << "\n" << json;
    ASSERT_TRUE(wire::validate_traces(back).ok()) << json;
    ASSERT_EQ(oracle_->text(kTraceRequest, back), oracle_->text(kTraceRequest, bytes)) << json;
  }

  const Oracle* const oracle_ = Oracle::get();
  wire::OtlpJsonReader reader_;
};

TEST_F(JsonRoundTrip, EveryFieldAndValue) { expect_same_meaning(oracle_->serialize(kTraceRequest, kFullRequest)); }

TEST_F(JsonRoundTrip, EmptyRequest) { expect_same_meaning(""); }

TEST_F(JsonRoundTrip, DamagedButValidRequests) {
  const std::string seed = oracle_->serialize(kTraceRequest, kFullRequest);
  Random random(7);
  std::size_t valid = 0;
  for (std::size_t i = 0; i < 30'000; ++i) {
    const std::string bytes = mutate(seed, random);
    if (!wire::validate_traces(bytes).ok()) continue;
    ++valid;
    SCOPED_TRACE(i);
    expect_same_meaning(bytes);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(valid, 1000U);
}

}  // namespace
}  // namespace nanospan::golden
