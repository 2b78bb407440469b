// Profiles: only what is counted.
#include <gtest/gtest.h>

#include <string>

#include "tests/wire/field.h"
#include "wire/validate.h"

namespace nanospan::wire {
namespace {

TEST(OtlpSchemaProfiles, ProfilesAreWalkedDownToTheirSamples) {
  const auto walk = [](std::string_view profile) {
    return validate(
        schema::kExportProfilesServiceRequest,
        field(otlp::ExportProfilesServiceRequest::kResourceProfiles,
              field(otlp::ResourceProfiles::kScopeProfiles, field(otlp::ScopeProfiles::kProfiles, profile))));
  };
  const std::string sample = field(otlp::Profile::kSamples, field(4, "\x01"));
  EXPECT_EQ(walk(sample + sample).counts.items, 2U);
  EXPECT_STREQ(walk(field(otlp::Profile::kSamples, "\x22\x05")).fault.text, "length runs past the end");
}

}  // namespace
}  // namespace nanospan::wire
