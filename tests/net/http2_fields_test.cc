// Decoded header blocks, and the heads that handlers get of them.
#include "net/http2_fields.h"

#include <gtest/gtest.h>

namespace nanospan::net {
namespace {

Http2Fields request(std::initializer_list<Http2Fields::Field> more) {
  Http2Fields fields;
  for (const auto& [name, value] : {Http2Fields::Field{":method", "POST"}, {":scheme", "http"}, {":path", "/a?b=c"}}) {
    fields.add(name, value);
  }
  for (const auto& [name, value] : more) fields.add(name, value);
  return fields;
}

TEST(Http2Fields, KeepsThemInOrderAndCountsThemAsTheSettingDoes) {
  Http2Fields fields;
  fields.add("a", "1");
  fields.add("b", "");
  fields.add("a", "2");
  EXPECT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[2].name, "a");
  EXPECT_EQ(fields[2].value, "2");
  EXPECT_EQ(fields.find("a"), "1");
  EXPECT_EQ(fields.find("b"), "");
  EXPECT_FALSE(fields.find("c"));
  EXPECT_EQ(fields.list_bytes(), 3 * 32 + 5u);
  fields.clear();
  EXPECT_TRUE(fields.empty());
}

TEST(Http2Fields, AHeadLooksLikeThatOfHttp1) {
  const Result<MessageHead> head =
      request_head_of(request({{":authority", "h:1"}, {"x-a", "v"}, {"content-length", "12"}}));
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->method(), "POST");
  EXPECT_EQ(head->target(), "/a?b=c");
  EXPECT_EQ(head->path(), "/a");
  EXPECT_EQ(head->major_version, 2);
  EXPECT_EQ(head->headers.find("Host"), "h:1");
  EXPECT_EQ(head->headers.find("X-A"), "v");
  EXPECT_EQ(head->content_length, 12u);
  EXPECT_EQ(head->headers.size(), 3u) << "no pseudo-header is a header";
}

TEST(Http2Fields, AHostFieldStays) {
  EXPECT_EQ(request_head_of(request({{":authority", "a"}, {"host", "b"}}))->headers.find("host"), "b");
}

TEST(Http2Fields, AContentLengthThatIsNoNumberIsRefused) {
  for (const char* wrong : {"", "1x", "-1", "99999999999999999999999"}) {
    EXPECT_FALSE(request_head_of(request({{"content-length", wrong}})).ok()) << wrong;
  }
}

}  // namespace
}  // namespace nanospan::net
