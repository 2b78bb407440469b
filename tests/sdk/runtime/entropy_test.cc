#include "sdk/runtime/entropy.h"

#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

bool refuses(std::span<std::uint64_t>) { return false; }
bool gives_zeros(std::span<std::uint64_t> words) {
  for (auto& word : words) word = 0;
  return true;
}
bool gives_sevens(std::span<std::uint64_t> words) {
  for (auto& word : words) word = 7;
  return true;
}

TEST(Entropy, TakesWhatTheKernelGives) {
  std::uint64_t words[2] = {};
  fill_random(words, &gives_sevens);
  EXPECT_EQ(words[0], 7U);
  EXPECT_EQ(words[1], 7U);
  EXPECT_TRUE(kernel_random(words));
  EXPECT_NE(words[0], words[1]);
}

TEST(Entropy, WithoutAKernelThatGivesAnyAllWordsStillDiffer) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    std::uint64_t words[4];
    fill_random(words, i % 2 == 0 ? &refuses : &gives_zeros);
    seen.insert(words, words + 4);
  }
  EXPECT_EQ(seen.size(), 4000U);
}

TEST(Entropy, TheFallbackDiffersBetweenThreadsThatAskAtOnce) {
  constexpr std::size_t kThreads = 4, kCalls = 500;
  std::vector<std::vector<std::uint64_t>> got(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : got) {
    threads.emplace_back([&mine] {
      for (std::size_t i = 0; i < kCalls; ++i) {
        std::uint64_t word = 0;
        fill_random({&word, 1}, &refuses);
        mine.push_back(word);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::uint64_t> seen;
  for (const auto& mine : got) seen.insert(mine.begin(), mine.end());
  EXPECT_EQ(seen.size(), kThreads * kCalls);
}

}  // namespace
}  // namespace nanospan::sdk
