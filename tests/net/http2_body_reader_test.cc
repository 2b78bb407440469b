// Bodies in pieces of every size: one block, charged before it is there, and every way to be wrong.
#include "net/http2_body_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "net/grpc_framing.h"
#include "tests/net/http_server_fixture.h"

namespace nanospan::net {
namespace {

std::string framed(std::string_view message, bool compressed = false) {
  const std::array<char, 5> prefix = grpc_prefix(message.size(), compressed);
  return std::string(prefix.data(), prefix.size()).append(message);
}

/// The first verdict that is not 0, or that of the end.
int feed(Http2BodyReader& reader, std::string_view bytes, std::size_t step) {
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (const auto verdict = reader.append(bytes.substr(at, step)); verdict.status != 0) return verdict.status;
  }
  return reader.end().status;
}

TEST(Http2BodyReader, AMessageInPiecesOfAnySize) {
  const std::string message(1000, 'm');
  for (const std::size_t step : {1u, 3u, 5u, 6u, 400u, 5000u}) {
    Http2BodyReader reader(BodyFraming::kGrpc, 1000, nullptr);
    EXPECT_EQ(feed(reader, framed(message, true), step), 0);
    EXPECT_TRUE(reader.compressed());
    const ByteBlock block = reader.take_block();
    EXPECT_EQ(block.view(), message);
    EXPECT_EQ(block.capacity(), message.size());
  }
}

TEST(Http2BodyReader, BytesThatAreInPlaceAlreadyAreNotCopied) {
  Http2BodyReader reader(BodyFraming::kGrpc, 1000, nullptr);
  ASSERT_EQ(reader.append(framed("hello world").substr(0, 7)).status, 0);
  const std::span<char> room = reader.room();
  ASSERT_EQ(room.size(), 9u);
  std::copy_n("llo world", 9, room.data());
  EXPECT_EQ(reader.append({room.data(), 9}).status, 0);
  EXPECT_EQ(reader.end().status, 0);
  EXPECT_EQ(reader.take_block().view(), "hello world");
}

TEST(Http2BodyReader, EveryWayForAMessageToBeWrong) {
  const struct {
    std::string bytes;
    int status;
  } rows[] = {
      {"", 400},
      {std::string("\0\0\0", 3), 400},
      {framed("abc").substr(0, 7), 400},
      {framed("abc") + "d", 400},
      {framed("abc") + framed("def"), 400},
      {std::string("\x02\0\0\0\1a", 6), 400},
      {framed(std::string(101, 'x')), 413},
      {std::string("\0\xff\xff\xff\xff", 5), 413},
  };
  for (const auto& row : rows) {
    for (const std::size_t step : {1u, 1000u}) {
      Http2BodyReader reader(BodyFraming::kGrpc, 100, nullptr);
      EXPECT_EQ(feed(reader, row.bytes, step), row.status) << row.bytes;
    }
  }
}

TEST(Http2BodyReader, MemoryIsAskedForOnceTheLengthIsKnown) {
  Ledger ledger;
  ledger.limit = 50;
  Http2BodyReader refused(BodyFraming::kGrpc, 1000, std::make_unique<TestTicket>(ledger));
  EXPECT_EQ(feed(refused, framed(std::string(51, 'x')), 1), 503);
  EXPECT_EQ(ledger.largest, 51u);
  Http2BodyReader taken(BodyFraming::kGrpc, 1000, std::make_unique<TestTicket>(ledger));
  EXPECT_EQ(feed(taken, framed(std::string(50, 'x')), 1), 0);
  EXPECT_NE(taken.take_ticket(), nullptr);
}

TEST(Http2BodyReader, APlainBodyGrowsAsItComesWithinItsLimit) {
  Ledger ledger;
  Http2BodyReader reader(BodyFraming::kPlain, 1000, std::make_unique<TestTicket>(ledger));
  EXPECT_EQ(feed(reader, std::string(1000, 'x'), 7), 0);
  EXPECT_LE(ledger.largest, 1000u);
  EXPECT_EQ(reader.append("x").status, 413);
  Http2BodyReader known(BodyFraming::kPlain, 1000, nullptr);
  EXPECT_EQ(known.expect(1001).status, 413);
  EXPECT_EQ(known.expect(900).status, 0);
  EXPECT_EQ(known.append("x").status, 0);
  EXPECT_EQ(known.room().size(), 899u);
}

// Five bytes can promise 4 GiB, a head anything: only what arrives may take memory.
TEST(Http2BodyReader, ADeclaredLengthTakesMemoryOnlyInStepWithItsBytes) {
  constexpr std::size_t kDeclared = 20'000'000;
  for (const BodyFraming framing : {BodyFraming::kGrpc, BodyFraming::kPlain}) {
    Ledger ledger;
    Http2BodyReader reader(framing, kDeclared, std::make_unique<TestTicket>(ledger));
    ASSERT_EQ(reader.expect(kDeclared).status, 0);
    const std::string bytes =
        framing == BodyFraming::kGrpc ? framed(std::string(kDeclared, 'x')) : std::string(kDeclared, 'x');
    for (std::size_t at = 0; at < bytes.size(); at += 10'000) {
      ASSERT_EQ(reader.append(std::string_view(bytes).substr(at, 10'000)).status, 0);
      ASSERT_LE(ledger.largest, 2 * (at + 10'000) + kBodyBytesFirst);
    }
    EXPECT_EQ(reader.end().status, 0);
    EXPECT_EQ(ledger.largest, kDeclared);
    EXPECT_EQ(reader.take_block().size(), kDeclared);
  }
}

}  // namespace
}  // namespace nanospan::net
