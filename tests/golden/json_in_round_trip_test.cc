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

  void expect_same_meaning(const Sample& sample, const std::string& bytes) {
    std::string json;
    const Status written = wire::append_json(sample.schema, bytes, json);
    ASSERT_TRUE(written.ok()) << written.error().message;
    const Result<wire::OtlpJsonReader::Message> read = reader_.read(sample.schema, json);
    ASSERT_TRUE(read.ok()) << read.error().message << "\n" << json;
    const std::string back(read->bytes);
    ASSERT_LE(back.size(), wire::OtlpJsonReader::output_bytes_max(json)) << json;
    ASSERT_TRUE(wire::validate(sample.schema, back).ok()) << json;
    ASSERT_EQ(oracle_->text(sample.message, back), oracle_->text(sample.message, bytes)) << json;
  }

  const Oracle* const oracle_ = Oracle::get();
  wire::OtlpJsonReader reader_;
};

TEST_F(JsonRoundTrip, EveryFieldAndValue) {
  for (const Sample& sample : kSamples) expect_same_meaning(sample, oracle_->serialize(sample.message, sample.full));
}

TEST_F(JsonRoundTrip, EmptyRequest) {
  for (const Sample& sample : kSamples) expect_same_meaning(sample, "");
}

TEST_F(JsonRoundTrip, DamagedButValidRequests) {
  for (const Sample& sample : kSamples) {
    const std::string seed = oracle_->serialize(sample.message, sample.full);
    Random random(7);
    std::size_t valid = 0;
    for (std::size_t i = 0; i < 30'000; ++i) {
      const std::string bytes = mutate(seed, random);
      if (!wire::validate(sample.schema, bytes).ok()) continue;
      ++valid;
      SCOPED_TRACE(std::string(sample.signal) + " " + std::to_string(i));
      expect_same_meaning(sample, bytes);
      if (HasFatalFailure()) return;
    }
    EXPECT_GT(valid, 1000U) << sample.signal;
  }
}

}  // namespace
}  // namespace nanospan::golden
