// The walk against libprotobuf on thousands of damaged requests: what we accept, it accepts; what we refuse and it does
// not is one of the points where another receiver is stricter.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/golden/mutate.h"
#include "tests/golden/oracle.h"
#include "tests/golden/samples.h"
#include "wire/validate.h"

namespace nanospan::golden {
namespace {

bool is_stricter_on_purpose(std::string_view reason) {
  static constexpr std::array<std::string_view, 6> kReasons{
      "field tag is above 32 bits",  "wire type is not that of the field", "trace id is not 16 bytes long",
      "span id is not 8 bytes long", "wire type is a group or unknown",    "varint is cut off or longer than 64 bits"};
  return std::find(kReasons.begin(), kReasons.end(), reason) != kReasons.end();
}

void compare_on_damaged(const Oracle& oracle, const Sample& sample, const std::string& seed) {
  Random random(20261124);
  std::size_t accepted = 0;
  constexpr std::size_t kInputs = 20'000;
  for (std::size_t i = 0; i < kInputs; ++i) {
    const std::string bytes = mutate(seed, random);
    const wire::WalkResult ours = wire::validate(sample.schema, bytes);
    const bool theirs = oracle.parses(sample.message, bytes);
    accepted += ours.ok() ? 1U : 0U;
    if (ours.ok()) {
      ASSERT_TRUE(theirs) << "input " << i << " is accepted by us only";
    } else if (theirs) {
      ASSERT_TRUE(is_stricter_on_purpose(ours.fault.text))
          << "input " << i << " is refused by us only: " << ours.fault.text;
    }
    ASSERT_LE(ours.fault.offset, bytes.size());
  }
  // Both outcomes must be common, or the test shows nothing.
  EXPECT_GT(accepted, kInputs / 20);
  EXPECT_LT(accepted, kInputs - kInputs / 20);
}

TEST(ValidateAgainstLibprotobuf, DamagedRequests) {
  const Oracle* const oracle = Oracle::get();
  if (oracle == nullptr) GTEST_SKIP() << Oracle::kMissing;
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.signal);
    compare_on_damaged(*oracle, sample, oracle->serialize(sample.message, sample.full));
  }
}

TEST(ValidateAgainstLibprotobuf, DamagedSmallRequests) {
  const Oracle* const oracle = Oracle::get();
  if (oracle == nullptr) GTEST_SKIP() << Oracle::kMissing;
  const Sample& traces = kSamples[0];
  const Sample& metrics = kSamples[1];
  for (const char* const text : {
           "resource_spans { scope_spans { spans { name: 'caf\303\251' attributes { key: 'k' value { "
           "string_value: 'v' } } attributes { key: 'i' value { int_value: 300 } } } } }",
           "resource_spans { resource { attributes { key: '\342\202\254' value { array_value { "
           "values { kvlist_value { values { key: 'a' } } } } } } } }",
       }) {
    compare_on_damaged(*oracle, traces, oracle->serialize(kTraceRequest, text));
  }
  for (const char* const data : {
           "histogram { data_points { bucket_counts: [1, 2] explicit_bounds: 0.5 sum: 0 } }",
           "exponential_histogram { data_points { scale: -1 positive { offset: 3 bucket_counts: [1, 300, 4] } } }",
       }) {
    compare_on_damaged(*oracle, metrics,
                       oracle->serialize(kMetricsRequest, std::string("resource_metrics { scope_metrics { metrics { ") +
                                                              data + " } } }"));
  }
}

TEST(ValidateAgainstLibprotobuf, ProfilesOfEveryDepth) {
  const Oracle* const oracle = Oracle::get();
  if (oracle == nullptr) GTEST_SKIP() << Oracle::kMissing;
  const wire::WalkResult walked = wire::validate(
      wire::schema::kExportProfilesServiceRequest,
      oracle->serialize(kProfilesRequest,
                        "resource_profiles { resource { attributes { key: 'a' } } scope_profiles { scope { name: 's' } "
                        "profiles { samples { values: [1, 2] } samples { stack_index: 1 } profile_id: 'x' } "
                        "profiles { original_payload_format: 'pprof' } } } dictionary { string_table: ['', 'a'] "
                        "stack_table { location_indices: [1, 2] } }"));
  ASSERT_TRUE(walked.ok()) << walked.fault.text;
  EXPECT_EQ(walked.counts.resources, 1U);
  EXPECT_EQ(walked.counts.scopes, 1U);
  EXPECT_EQ(walked.counts.items, 2U);
}

// depth: messages under the request. Nested arrays are two levels each: AnyValue, ArrayValue.
std::string nested_arrays(std::size_t arrays) {
  std::string value;
  for (std::size_t i = 0; i < arrays; ++i) value = "array_value { values { " + value + " } }";
  return "resource_spans { resource { attributes { key: 'k' value { " + value + " } } } }";
}

TEST(ValidateAgainstLibprotobuf, NestingLimitIsTheSame) {
  const Oracle* const oracle = Oracle::get();
  if (oracle == nullptr) GTEST_SKIP() << Oracle::kMissing;
  for (const std::size_t arrays : {1U, 46U, 47U, 48U, 49U, 50U, 51U, 70U}) {
    const std::string bytes = oracle->serialize(kTraceRequest, nested_arrays(arrays));
    EXPECT_EQ(wire::validate_traces(bytes).ok(), oracle->parses(kTraceRequest, bytes)) << arrays;
  }
}

}  // namespace
}  // namespace nanospan::golden
