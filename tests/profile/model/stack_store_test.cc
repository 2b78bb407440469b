#include "profile/model/stack_store.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "profile/model/window.h"

namespace nanospan::profile {
namespace {

std::vector<CodePoint> points(const StackStore& store, std::uint32_t stack) {
  std::vector<CodePoint> out;
  for (; stack != StackStore::kEmpty; stack = store.node(stack).parent) out.push_back(store.node(stack).point);
  return out;
}

TEST(StackStore, EqualStacksAreOneNumberAndShareTheirRoots) {
  StackStore store(1 << 20);
  const std::uint32_t a = store.stack(std::array<CodePoint, 3>{30, 20, 10});
  const std::uint32_t b = store.stack(std::array<CodePoint, 3>{31, 20, 10});
  EXPECT_NE(a, b);
  EXPECT_EQ(store.stack(std::array<CodePoint, 3>{30, 20, 10}), a);
  EXPECT_EQ(store.node(a).parent, store.node(b).parent);
  EXPECT_EQ(points(store, a), (std::vector<CodePoint>{30, 20, 10}));
  EXPECT_EQ(store.stack({}), StackStore::kEmpty);
}

TEST(StackStore, ManyStacksSurviveGrowth) {
  StackStore store(64 << 20);
  std::vector<std::uint32_t> numbers;
  for (CodePoint i = 1; i <= 20'000; ++i) numbers.push_back(store.stack(std::array<CodePoint, 2>{i, i % 7 + 1}));
  for (CodePoint i = 1; i <= 20'000; ++i) {
    ASSERT_EQ(points(store, numbers[i - 1]), (std::vector<CodePoint>{i, i % 7 + 1}));
    ASSERT_EQ(store.stack(std::array<CodePoint, 2>{i, i % 7 + 1}), numbers[i - 1]);
  }
}

TEST(StackStore, WhatFindsNoRoomIsCountedAndTheBoundHolds) {
  constexpr std::size_t kMax = 100'000;
  StackStore store(kMax);
  for (CodePoint i = 1; i < 100'000; ++i) store.stack(std::array<CodePoint, 1>{i});
  EXPECT_LT(store.bytes(), kMax * 2) << "the index may double once more";
  EXPECT_GT(store.overflowed(), 0u);
  EXPECT_EQ(store.stack(std::array<CodePoint, 1>{99'999}), StackStore::kOverflow);
  EXPECT_NE(store.stack(std::array<CodePoint, 1>{1}), StackStore::kOverflow) << "what is known stays known";
  EXPECT_EQ(store.text("new text"), 0u);
  LabelSet labels;
  labels.tid = 77;
  EXPECT_EQ(store.labels(labels), 0u);
}

TEST(StackStore, AModuleKeepsItsNumberWhenItIsReadAgain) {
  StackStore store(1 << 20);
  Module first;
  first.path = "/lib/a.so";
  first.base = first.begin = 0x1000;
  Module again = first;
  Module other = first;
  other.path = "/lib/b.so";
  const CodePoint point = store.point(&first, 0x1234);
  EXPECT_EQ(store.point(&again, 0x1234), point);
  EXPECT_NE(store.point(&other, 0x1234), point);
  EXPECT_EQ(store.module(static_cast<std::uint32_t>(point >> 48)).path, "/lib/a.so");
  EXPECT_EQ(store.point(nullptr, 0x55), 0x55u);
  // The same object of memory, another library.
  first.path = "/lib/c.so";
  EXPECT_EQ(store.module(static_cast<std::uint32_t>(store.point(&first, 0x1234) >> 48)).path, "/lib/c.so");
}

TEST(StackStore, TextsAreRepairedAndNumbered) {
  StackStore store(1 << 20);
  EXPECT_EQ(store.text(""), 0u);
  const std::uint32_t broken = store.text("a\xFF");
  EXPECT_EQ(store.text("a\xFF"), broken);
  EXPECT_EQ(store.text_of(broken), "a\xEF\xBF\xBD");
}

TEST(Window, SumsByStackAndLabels) {
  Window window, other;
  window.add(1, 2, {1, 10, 0, 0});
  window.add(1, 2, {1, 5, 0, 0});
  other.add(1, 3, {1, 7, 0, 0});
  window.add(other);
  ASSERT_EQ(window.size(), 2u);
  window.for_each([](std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
    EXPECT_EQ(stack, 1u);
    EXPECT_EQ(values[1], labels == 2 ? 15 : 7);
  });
}

}  // namespace
}  // namespace nanospan::profile
