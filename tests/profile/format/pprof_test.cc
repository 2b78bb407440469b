// By our own reader, field by field; serve/go_pprof_test.cc asks the real one.
#include "profile/format/pprof.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/sample_profile.h"
#include "wire/reader.h"

namespace nanospan::profile {
namespace {

TEST(Pprof, HoldsWhatTheFormatAsksFor) {
  const std::string message = pprof_message(testing::sample_profile());
  std::map<std::uint32_t, int> count;
  std::vector<std::string> strings;
  std::map<std::uint32_t, std::uint64_t> numbers;
  wire::Reader fields(message);
  while (fields.next()) {
    ++count[fields.field()];
    if (fields.field() == 6) strings.emplace_back(fields.bytes());
    if (fields.type() == wire::WireType::kVarint) numbers[fields.field()] = fields.varint();
  }
  ASSERT_TRUE(fields.ok());
  ASSERT_FALSE(strings.empty());
  EXPECT_EQ(strings[0], "") << "string_table[0] is empty";
  EXPECT_EQ(count[1], 2) << "sample types";
  EXPECT_EQ(count[2], 2) << "samples";
  EXPECT_EQ(count[3], 1) << "mappings";
  EXPECT_EQ(count[4], 3) << "locations";
  EXPECT_EQ(count[5], 3) << "functions";
  EXPECT_EQ(numbers[9], 1'700'000'000'000'000'000u);
  EXPECT_EQ(numbers[10], 2'000'000'000u);
  EXPECT_EQ(numbers[12], 10'000'000u);
  EXPECT_EQ(strings[numbers[14]], "cpu");
  EXPECT_EQ(strings[numbers[13]], "a comment");
}

TEST(Pprof, ASampleHasLocationsValuesAndLabels) {
  const std::string message = pprof_message(testing::sample_profile());
  wire::Reader fields(message);
  while (fields.next() && fields.field() != 2) {
  }
  wire::Reader sample = fields.message();
  int labels = 0;
  std::string_view locations, values;
  while (sample.next()) {
    if (sample.field() == 1) locations = sample.bytes();
    if (sample.field() == 2) values = sample.bytes();
    labels += sample.field() == 3;
  }
  EXPECT_EQ(locations, "\x01\x02");
  EXPECT_EQ(values, "\x01\x80\xAD\xE2\x04");
  EXPECT_EQ(labels, 2);
}

TEST(Pprof, InlinedFunctionsAreLinesOfOneLocationInnermostFirst) {
  Profile profile = testing::sample_profile();
  profile.has_lines = true;
  profile.frames[1].inlined = {{"innermost", "a.h", 3}, {"between", "b.h", 5}};
  std::vector<std::string> locations;
  std::string mapping;
  const std::string message = pprof_message(profile);
  for (wire::Reader fields(message); fields.next();) {
    if (fields.field() == 4) locations.emplace_back(fields.bytes());
    if (fields.field() == 3) mapping = fields.bytes();
  }
  std::vector<std::uint64_t> lines, functions;
  for (wire::Reader location(locations.at(1)); location.next();) {
    if (location.field() != 4) continue;
    for (wire::Reader line = location.message(); line.next();) {
      (line.field() == 2 ? lines : functions).push_back(line.varint());
    }
  }
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{3, 5, 7}));
  EXPECT_EQ(std::set(functions.begin(), functions.end()).size(), 3u);
  std::set<std::uint32_t> flags;
  for (wire::Reader fields(mapping); fields.next();) {
    if (fields.field() >= 7) flags.insert(fields.field());
  }
  EXPECT_EQ(flags, (std::set<std::uint32_t>{7, 8, 9, 10})) << "so that nobody looks for them again";
}

TEST(Pprof, TheFileIsGzip) {
  const auto file = pprof_file(testing::sample_profile());
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->view().starts_with("\x1F\x8B"));
}

}  // namespace
}  // namespace nanospan::profile
