#include "profile/sampler/sample.h"

#include <gtest/gtest.h>

#include <cstring>

#include "profile/sampler/sample_ring.h"

namespace nanospan::profile {
namespace {

// As the handler writes it (signal.cc), with the pcs 1, 2, 3 ...
void write_sample(SampleRing& ring, std::string_view route, std::string_view name, std::size_t frames) {
  const std::size_t start = ring.position();
  std::size_t at = kSampleHeadWords;
  const auto put = [&](std::size_t index, std::uint64_t word) {
    ring.words()[(start + index) & SampleRing::kMask] = word;
  };
  for (const std::string_view text : {route, name}) {
    for (std::size_t i = 0; i < text.size(); i += 8, ++at) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + i, std::min<std::size_t>(8, text.size() - i));
      put(at, word);
    }
  }
  for (std::size_t i = 0; i < frames; ++i) put(at++, i + 1);
  put(0, at | frames << 16 | std::uint64_t{1} << 32 | std::uint64_t{2} << 40 | std::uint64_t{route.size()} << 48 |
             std::uint64_t{name.size()} << 56);
  put(1, 7 | std::uint64_t{900} << 32);
  put(2, 0);
  put(3, 11);
  put(4, 12);
  put(5, 13);
  ring.commit(at);
}

TEST(Sample, ComesOutOfTheRingAsItWentIn) {
  SampleRing ring;
  ASSERT_TRUE(ring.prepare());
  Sample sample;
  EXPECT_FALSE(read_sample(ring, sample));
  write_sample(ring, "/orders/{id}", "GET /orders/{id}", 40);
  ASSERT_TRUE(read_sample(ring, sample));
  EXPECT_EQ(sample.kind, SampleKind::kWall);
  EXPECT_EQ(sample.end, WalkEnd::kLost);
  EXPECT_EQ(sample.weight, 7u);
  EXPECT_EQ(sample.handler_nanos, 900u);
  EXPECT_EQ(sample.labels.route_text(), "/orders/{id}");
  EXPECT_EQ(sample.labels.name_text(), "GET /orders/{id}");
  EXPECT_TRUE(sample.labels.has_trace());
  EXPECT_EQ(sample.labels.span_id, 13u);
  ASSERT_EQ(sample.frames, 40u);
  EXPECT_EQ(sample.pcs[39], 40u);
  EXPECT_FALSE(read_sample(ring, sample));
}

TEST(SampleRing, WrapsAndRefusesWhatDoesNotFit) {
  SampleRing ring;
  EXPECT_FALSE(ring.has_room(1)) << "no memory yet";
  ASSERT_TRUE(ring.prepare());
  Sample sample;
  for (int round = 0; round < 5; ++round) {
    std::size_t written = 0;
    for (; ring.has_room(kSampleWordsMax); ++written) write_sample(ring, "/r", "name", 100);
    EXPECT_GT(written, 50u);
    std::size_t read = 0;
    for (; read_sample(ring, sample); ++read) {
      ASSERT_EQ(sample.pcs[99], 100u);
      ASSERT_EQ(sample.labels.name_text(), "name");
    }
    EXPECT_EQ(read, written);
  }
}

}  // namespace
}  // namespace nanospan::profile
