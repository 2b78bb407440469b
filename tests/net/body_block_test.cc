// What a body that arrives takes: of its budget, and of memory.
#include "net/body_block.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/net/http_server_fixture.h"

namespace nanospan::net {
namespace {

// Takes `size` bytes, some at a time, and says how often what was there already has moved.
int moves_of(BodyBlock& body, std::size_t size, BodyBlock::Length length, BodyTicket* ticket) {
  const std::string piece(10'000, 'x');
  const char* start = body.size() == 0 ? nullptr : body.room().data() - body.size();
  int moves = 0;
  while (body.size() < size) {
    const std::size_t more = std::min(piece.size(), size - body.size());
    EXPECT_TRUE(body.make_room(more, length, ticket));
    EXPECT_GE(body.room().size(), more);
    const char* const now = body.room().data() - body.size();
    moves += start != nullptr && now != start;
    start = now;
    body.append(std::string_view(piece).substr(0, more));
  }
  return moves;
}

TEST(BodyBlock, OfADeclaredLengthNeverMovesAndChargesInStepWithWhatArrives) {
  Ledger ledger;
  TestTicket ticket(ledger);
  BodyBlock body;
  constexpr BodyBlock::Length kLength{1'500'000, true};
  for (std::size_t arrived = 0; arrived < kLength.bytes_max; arrived += 100'000) {
    EXPECT_EQ(moves_of(body, arrived, kLength, &ticket), 0);
    EXPECT_LE(ledger.largest, 2 * arrived);
    EXPECT_EQ(ledger.largest_whole, arrived == 0 ? 0 : kLength.bytes_max) << "room for all of it is asked for";
    EXPECT_EQ(body.size() + body.room().size(), ledger.largest) << "no room that is not charged";
  }
  EXPECT_EQ(moves_of(body, kLength.bytes_max, kLength, &ticket), 0);
  EXPECT_EQ(ledger.largest, kLength.bytes_max);
  EXPECT_EQ(body.take().capacity(), kLength.bytes_max) << "nothing to give back";
}

// Who says only at its end how long it is, or declares very much, is given no memory for it.
TEST(BodyBlock, OfAnUnknownOrVeryLargeLengthGrows) {
  for (const BodyBlock::Length length : {BodyBlock::Length{1'500'000, false}, BodyBlock::Length{20'000'000, true}}) {
    Ledger ledger;
    TestTicket ticket(ledger);
    BodyBlock body;
    ASSERT_TRUE(body.make_room(10'000, length, &ticket));
    EXPECT_EQ(ledger.largest_whole, length.declared ? length.bytes_max : 10'000u);
    EXPECT_EQ(body.take().capacity(), 10'000u);
    moves_of(body, length.bytes_max, length, nullptr);
    EXPECT_EQ(body.take().size(), length.bytes_max);
  }
}

TEST(BodyBlock, WithoutMemoryStaysAsItWas) {
  Ledger ledger;
  ledger.limit = 15'000;
  TestTicket ticket(ledger);
  BodyBlock body;
  ASSERT_TRUE(body.make_room(10'000, {1'000'000, true}, &ticket));
  body.append("first");
  EXPECT_FALSE(body.make_room(20'000, {1'000'000, true}, &ticket));
  EXPECT_EQ(body.take().view(), "first");
  EXPECT_TRUE(body.room().empty());
}

}  // namespace
}  // namespace nanospan::net
