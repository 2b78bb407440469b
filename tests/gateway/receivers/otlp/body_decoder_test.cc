// Bodies under a tight budget, and gzip that lies about its size.
#include "gateway/receivers/otlp/body_decoder.h"

#include <gtest/gtest.h>

#include "net/gzip.h"
#include "tests/gateway/sample_traces.h"

namespace nanospan::gateway {
namespace {

net::ByteBlock gzip(const std::string& text) {
  const std::vector<std::string_view> slices = {text};
  return net::gzip_compress(slices).value();
}

class BodyDecoderTest : public ::testing::Test {
 protected:
  BatchRef decode(net::ByteBlock body, OtlpEncoding encoding, bool is_gzip) {
    BudgetCharge charge(budget_);
    EXPECT_TRUE(charge.grow_to(body.size()));
    const net::Codec* codec = is_gzip ? find_content_coding("gzip")->codec : nullptr;
    return decoder_.decode(std::move(body), Signal::kTraces, encoding, codec, std::move(charge), refusal_);
  }
  MemoryBudget budget_{20'000};
  BodyDecoder decoder_{1 << 20};
  Refusal refusal_;
};

TEST_F(BodyDecoderTest, InflatingIsChargedBeforeItHappens) {
  ASSERT_TRUE(budget_.try_take(15'000));
  EXPECT_EQ(decode(gzip(testing::sample_request(200)), OtlpEncoding::kProtobuf, true), nullptr);  // of 11 KiB
  EXPECT_EQ(refusal_.status, 503);
  EXPECT_TRUE(refusal_.is_for_now);
  EXPECT_EQ(budget_.used(), 15'000u);
  budget_.give_back(15'000);
  EXPECT_NE(decode(gzip(testing::sample_request(200)), OtlpEncoding::kProtobuf, true), nullptr);
}

TEST_F(BodyDecoderTest, WhatCanNeverFitIsNotSentBackForARetry) {
  EXPECT_EQ(decode(gzip(std::string(500'000, 'x')), OtlpEncoding::kProtobuf, true), nullptr);
  EXPECT_EQ(refusal_.status, 413) << refusal_.message;
  EXPECT_FALSE(refusal_.is_for_now);
  EXPECT_EQ(budget_.used(), 0u);
}

// Several members give no size to go by, so the room doubles; the last doubling must not ask for more than there is.
TEST_F(BodyDecoderTest, WhatFitsExactlyIsInflatedWhateverTheStepsOfGrowth) {
  const std::string request = testing::sample_request(1);
  std::string body;
  std::size_t inflated = 0;
  for (; inflated + body.size() < 18'000; inflated += request.size()) body += gzip(request).view();
  const BatchRef batch = decode(net::ByteBlock::copy_of(body), OtlpEncoding::kProtobuf, true);
  ASSERT_NE(batch, nullptr) << refusal_.message;
  EXPECT_EQ(batch->bytes().size(), inflated);
}

TEST_F(BodyDecoderTest, AGzipTrailerThatLiesCostsNothingButRoom) {
  const std::string request = testing::sample_request(100);
  net::ByteBlock body = gzip(request);
  for (const unsigned claimed : {0u, 1u, 0xFFFFFFFFu}) {
    std::string lying(body.view());
    for (std::size_t i = 0; i < 4; ++i) lying[lying.size() - 4 + i] = static_cast<char>(claimed >> (8 * i));
    EXPECT_EQ(decode(net::ByteBlock::copy_of(lying), OtlpEncoding::kProtobuf, true), nullptr);
    EXPECT_TRUE(refusal_.reason == "malformed_gzip" || refusal_.reason == "memory") << refusal_.message;
  }
  const BatchRef batch = decode(std::move(body), OtlpEncoding::kProtobuf, true);
  ASSERT_NE(batch, nullptr) << refusal_.message;
  EXPECT_EQ(batch->bytes(), request);
}

TEST_F(BodyDecoderTest, EveryTruncationIsRefused) {
  const net::ByteBlock whole = gzip(testing::sample_request(3));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decode(net::ByteBlock::copy_of(whole.view().substr(0, size)), OtlpEncoding::kProtobuf, true), nullptr);
    EXPECT_EQ(refusal_.status, 400) << size;
  }
}

// Converting takes at most the JSON twice over, and six bytes more for each element: the output and its copy.
TEST_F(BodyDecoderTest, ConvertingJsonIsChargedBeforeItHappens) {
  const std::string json = "{\"resourceSpans\":[]}" + std::string(1500, ' ');
  {
    const BatchRef batch = decode(net::ByteBlock::copy_of(json), OtlpEncoding::kJson, false);
    ASSERT_NE(batch, nullptr) << refusal_.message;
    EXPECT_LT(budget_.used(), 100u) << "the working memory is given back at once";
  }
  ASSERT_TRUE(budget_.try_take(16'000));
  EXPECT_EQ(decode(net::ByteBlock::copy_of(json), OtlpEncoding::kJson, false), nullptr);
  EXPECT_EQ(refusal_.status, 503);
  EXPECT_TRUE(refusal_.is_for_now);
  EXPECT_EQ(budget_.used(), 16'000u);
  budget_.give_back(16'000);
}

TEST_F(BodyDecoderTest, JsonThatCanNeverBeConvertedIsNotSentBackForARetry) {
  EXPECT_EQ(decode(net::ByteBlock::copy_of(std::string(7'000, ' ')), OtlpEncoding::kJson, false), nullptr);
  EXPECT_EQ(refusal_.status, 413);
  EXPECT_NE(refusal_.message.find("service.memory_budget"), std::string::npos);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(BodyDecoderTest, JsonThatWasCompressedIsNotForwardedVerbatim) {
  const BatchRef batch = decode(gzip("{\"resourceSpans\":[]}"), OtlpEncoding::kJson, true);
  ASSERT_NE(batch, nullptr);
  EXPECT_TRUE(batch->kept(net::Coding::kGzip).empty());
}

}  // namespace
}  // namespace nanospan::gateway
