// The list of pieces to write: what comes out is what went in, whatever is written at a time, and owners are let go.
#include "net/http2_output.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace nanospan::net {
namespace {

std::string write_some(Http2Output& output, std::size_t bytes_max) {
  std::array<iovec, 8> pieces;
  const std::size_t count = output.gather(pieces);
  std::string written;
  for (std::size_t i = 0; i < count; ++i)
    written.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  written.resize(std::min(written.size(), bytes_max));
  output.sent(written.size());
  return written;
}

TEST(Http2Output, AnyMixtureComesOutInOrder) {
  std::minstd_rand random(1);
  Http2Output output;
  std::string in, out;
  for (int i = 0; i < 3000; ++i) {
    const auto bytes = std::make_shared<const std::string>(random() % 3000, static_cast<char>('a' + i % 26));
    if (random() % 2 == 0) {
      output.append_copy(*bytes);
    } else {
      output.append(*bytes, bytes);
    }
    in += *bytes;
    while (random() % 2 == 0 && !output.empty()) out += write_some(output, 1 + random() % 5000);
    ASSERT_EQ(output.bytes(), in.size() - out.size());
  }
  while (!output.empty()) out += write_some(output, 100'000);
  EXPECT_TRUE(in == out);
  EXPECT_EQ(output.pieces(), 0u);
}

TEST(Http2Output, LargePiecesAreNotCopiedAndHeldUntilTheyAreSent) {
  auto owner = std::make_shared<const std::string>(5000, 'x');
  const std::weak_ptr<const std::string> watch = owner;
  Http2Output output;
  output.append_copy("head");
  output.append(*owner, owner);
  std::array<iovec, 8> pieces;
  ASSERT_EQ(output.gather(pieces), 2u);
  EXPECT_EQ(pieces[1].iov_base, owner->data());
  owner.reset();
  output.sent(5003);
  EXPECT_FALSE(watch.expired());
  output.sent(1);
  EXPECT_TRUE(watch.expired());
}

TEST(Http2Output, SmallPiecesBecomeOne) {
  Http2Output output;
  for (int i = 0; i < 100; ++i) output.append("small", nullptr);
  EXPECT_EQ(output.pieces(), 1u);
  EXPECT_EQ(output.bytes(), 500u);
}

// Ten thousand idle connections keep what they sent last in: the SETTINGS of each are no reason for 16 KiB.
TEST(Http2Output, KeepsLittleWhenAllIsSent) {
  Http2Output output;
  output.append_copy(std::string(100'000, 'x'));
  while (!output.empty()) write_some(output, 100'000);
  EXPECT_LE(output.kept_bytes(), 1024u);
  output.append_copy("the next");
  EXPECT_EQ(write_some(output, 100), "the next");
}

}  // namespace
}  // namespace nanospan::net
