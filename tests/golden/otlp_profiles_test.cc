// Profiles that our writer makes are the bytes that libprotobuf makes of the same message.
#include "profile/format/otlp_profiles.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/golden/oracle.h"
#include "tests/support/sample_profile.h"

namespace nanospan::golden {
namespace {

const std::string kId = "0123456789abcdef";

constexpr const char* kExpected = R"(
resource_profiles {
  resource {
    attributes { key: 'service.name' value { string_value: 'shop' } }
    attributes { key: 'host.name' value { string_value: 'h1' } }
  }
  scope_profiles {
    scope { name: 'nanospan.profile' }
    profiles {
      sample_type { type_strindex: 1 unit_strindex: 2 }
      samples { stack_index: 1 attribute_indices: [1, 2] link_index: 1 values: 10000000 }
      samples { stack_index: 2 values: 30000000 }
      time_unix_nano: 1700000000000000000
      duration_nano: 2000000000
      period_type { type_strindex: 1 unit_strindex: 2 }
      period: 10000000
      profile_id: '0123456789abcdef'
    }
    profiles {
      sample_type { type_strindex: 13 unit_strindex: 14 }
      samples { stack_index: 1 attribute_indices: [1, 2] link_index: 1 values: 1 }
      samples { stack_index: 2 values: 3 }
      time_unix_nano: 1700000000000000000
      duration_nano: 2000000000
      period_type { type_strindex: 1 unit_strindex: 2 }
      period: 10000000
      profile_id: '0123456789abcdeg'
    }
  }
}
dictionary {
  mapping_table {}
  mapping_table {
    memory_start: 0x1000 memory_limit: 0x2000 file_offset: 0x10 filename_strindex: 5 attribute_indices: 3
  }
  location_table {}
  location_table { mapping_index: 1 address: 0x1010 lines { function_index: 1 } }
  location_table {
    mapping_index: 1 address: 0x1020 lines { function_index: 2 line: 70 } lines { function_index: 3 line: 7 }
  }
  location_table { address: 0x99 lines { function_index: 4 } }
  function_table {}
  function_table { name_strindex: 7 }
  function_table { name_strindex: 8 filename_strindex: 9 }
  function_table { name_strindex: 10 filename_strindex: 11 }
  function_table { name_strindex: 12 }
  link_table {
    trace_id: '\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000'
    span_id: '\000\000\000\000\000\000\000\000'
  }
  link_table {
    trace_id: '\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020'
    span_id: '\x21\x22\x23\x24\x25\x26\x27\x28'
  }
  string_table: ''
  string_table: 'cpu'
  string_table: 'nanoseconds'
  string_table: 'http.route'
  string_table: 'thread.id'
  string_table: '/bin/app'
  string_table: 'process.executable.build_id.gnu'
  string_table: 'leaf;with\nodd'
  string_table: 'inlined'
  string_table: 'inl.h'
  string_table: 'main'
  string_table: 'main.cc'
  string_table: 'jit'
  string_table: 'samples'
  string_table: 'count'
  attribute_table {}
  attribute_table { key_strindex: 3 value { string_value: '/a"b' } }
  attribute_table { key_strindex: 4 value { int_value: 7 } }
  attribute_table { key_strindex: 6 value { string_value: 'abcd' } }
  stack_table {}
  stack_table { location_indices: [1, 2] }
  stack_table { location_indices: [3, 2] }
})";

class GoldenProfiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (oracle_ == nullptr) GTEST_SKIP() << Oracle::kMissing;
  }
  const Oracle* const oracle_ = Oracle::get();
};

/// The small profile, its first sample in a span, and a function that was inlined.
profile::Profile traced_profile() {
  profile::Profile profile = profile::testing::sample_profile();
  profile.frames[1].inlined = {{"inlined", "inl.h", 70}};
  profile.samples[0].labels.push_back({"trace_id", "0102030405060708090a0b0c0d0e0f10", 0, {}});
  profile.samples[0].labels.push_back({"span_id", "2122232425262728", 0, {}});
  return profile;
}

TEST_F(GoldenProfiles, AProfileIsByteForByteWhatLibprotobufWrites) {
  const std::string ours = otlp_profiles_message(traced_profile(), profile::profile_resource_fields("shop", "h1"), kId);
  EXPECT_EQ(oracle_->text(kProfilesRequest, ours),
            oracle_->text(kProfilesRequest, oracle_->serialize(kProfilesRequest, kExpected)));
  EXPECT_EQ(ours, oracle_->serialize(kProfilesRequest, kExpected));
}

TEST_F(GoldenProfiles, WhatIsNoUtf8IsRepairedAndIdsThatAreNoneAreNoLink) {
  profile::Profile profile = traced_profile();
  profile.frames[0].function = "caf\xE9";
  profile.samples[0].labels.back().text = "21222324252627zz";
  const std::string ours = otlp_profiles_message(profile, profile::profile_resource_fields("s\xFF", "h"), kId);
  const auto text = oracle_->text(kProfilesRequest, ours);
  ASSERT_TRUE(text.has_value()) << "libprotobuf refuses strings that are no UTF-8";
  EXPECT_EQ(text->find("link_index"), std::string::npos);
  EXPECT_NE(text->find("caf\\357\\277\\275"), std::string::npos) << *text;
}

}  // namespace
}  // namespace nanospan::golden
