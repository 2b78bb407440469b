#include "gateway/pipeline/batch.h"

#include <string>

#include <gtest/gtest.h>

#include "net/gzip.h"
#include "tests/gateway/sample_traces.h"

namespace nanospan::gateway {
namespace {

TEST(Batch, WhatCameCompressedIsKeptAsItCame) {
  const std::string packed = "as it came";
  const Batch batch(net::ByteBlock::copy_of(testing::sample_request()),
                    EncodedBody{net::Coding::kZstd, net::ByteBlock::copy_of(packed)}, SpanCounts{1, 1, 1},
                    BudgetCharge());
  EXPECT_EQ(batch.kept(net::Coding::kZstd), packed);
  EXPECT_EQ(batch.kept(net::Coding::kGzip), "");
}

TEST(Batch, IsCompressedOnceForAllExportersAndRetries) {
  const BatchRef batch = testing::sample_batch(100);
  const auto first = batch->encoded(net::kGzipCodec, 6);
  ASSERT_TRUE(first.ok());
  EXPECT_LT(first->size(), batch->bytes().size());
  EXPECT_EQ(batch->encoded(net::kGzipCodec, 1)->data(), first->data());
  EXPECT_EQ(batch->kept(net::Coding::kGzip).data(), first->data());
}

TEST(Batch, TheCompressedCopyIsChargedEvenBeyondTheBudgetAndGivenBackWithTheBatch) {
  MemoryBudget budget(1);
  {
    const std::string request = testing::sample_request(100);
    const Batch batch(net::ByteBlock::copy_of(request), std::nullopt, SpanCounts{1, 1, 100}, BudgetCharge(budget));
    const auto packed = batch.encoded(net::kGzipCodec, 6);
    ASSERT_TRUE(packed.ok());
    EXPECT_GE(budget.used(), packed->size());
  }
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace nanospan::gateway
