// What receivers count of it, and what it says by itself; each byte is checked in tests/golden.
#include "profile/format/otlp_profiles.h"

#include <gtest/gtest.h>

#include "tests/support/sample_profile.h"
#include "wire/otlp_schema.h"
#include "wire/validate.h"

namespace nanospan::profile {
namespace {

const std::string kProfileId = "0123456789abcdef";

std::uint64_t samples_in(const Profile& profile) {
  const std::string message = otlp_profiles_message(profile, profile_resource_fields("shop", "h"), kProfileId);
  const wire::WalkResult walked = wire::validate(wire::schema::kExportProfilesServiceRequest, message);
  EXPECT_TRUE(walked.ok()) << walked.fault.text;
  return walked.counts.items;
}

TEST(OtlpProfiles, ASampleIsCountedForEachTypeThatItHasAValueOf) {
  Profile profile = testing::sample_profile();
  EXPECT_EQ(samples_in(profile), 4u);
  profile.samples[0].values[1] = 0;
  EXPECT_EQ(samples_in(profile), 3u);
  profile.samples.clear();
  EXPECT_EQ(samples_in(profile), 0u);
}

TEST(OtlpProfiles, TheDefaultTypeComesFirstAndEachHasAnIdOfItsOwn) {
  const std::string message = otlp_profiles_message(testing::sample_profile(), {}, kProfileId);
  const std::size_t first = message.find(kProfileId), second = message.find("0123456789abcdeg");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, second);
  EXPECT_LT(message.find("nanoseconds"), message.find("samples")) << "strings are in the order of their use";
}

TEST(OtlpProfiles, OneStackThatRecursIsWrittenOnce) {
  Profile profile = testing::sample_profile();
  const std::size_t before = otlp_profiles_message(profile, {}, kProfileId).size();
  for (int i = 0; i < 100; ++i) profile.samples.push_back(profile.samples[0]);
  EXPECT_LT(otlp_profiles_message(profile, {}, kProfileId).size(), before + 100 * 2 * 20);
}

}  // namespace
}  // namespace nanospan::profile
