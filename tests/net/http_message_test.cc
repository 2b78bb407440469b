#include "net/http_message.h"

#include <gtest/gtest.h>

#include "net/http1_head.h"

namespace nanospan::net {
namespace {

MessageHead head_of(std::string_view text) {
  HeadReader reader(true, {});
  reader.feed(text);
  EXPECT_TRUE(reader.complete()) << describe(reader.fault());
  return reader.take();
}

TEST(HttpMessage, TokensAndValuesKeepOutWhatCouldBreakTheFraming) {
  EXPECT_TRUE(is_token("X-Custom_Header.1~"));
  for (const std::string_view bad : {"", "a b", "a:b", "a\r", "\xc3\xa9", "a(b)", std::string_view("a\0", 2).data()}) {
    EXPECT_EQ(is_token(bad), bad == "a") << bad;
  }
  EXPECT_FALSE(is_token(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_header_value("a\tb \xc3\xa9"));
  EXPECT_TRUE(is_header_value(""));
  for (const std::string_view bad : {"a\rb", "a\nb", "a\x7f"}) EXPECT_FALSE(is_header_value(bad));
  EXPECT_FALSE(is_header_value(std::string_view("a\0b", 3)));
}

TEST(HttpMessage, HeadersAreFoundWhateverTheirCase) {
  const std::vector<Header> headers = {{"Retry-After", "1"}, {"retry-after", "2"}};
  EXPECT_EQ(find_header(headers, "RETRY-AFTER"), "1");
  EXPECT_EQ(find_header(headers, "retry"), std::nullopt);
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("[", "{")) << "letters only";
}

TEST(HttpMessage, TokensOfListsAreFoundOverAllFields) {
  const MessageHead head =
      head_of("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip,\t trailers ,x\r\nTE: deflate\r\nTE2: y\r\n\r\n");
  for (const char* token : {"gzip", "Trailers", "x", "deflate"})
    EXPECT_TRUE(head.headers.has_token("te", token)) << token;
  for (const char* token : {"y", "gz", "trailers ,x"}) EXPECT_FALSE(head.headers.has_token("te", token)) << token;
}

TEST(HttpMessage, PathIsTheTargetWithoutQueryAndOrigin) {
  const std::pair<const char*, const char*> cases[] = {{"/v1/traces", "/v1/traces"},
                                                       {"/v1/traces?a=/b", "/v1/traces"},
                                                       {"http://a:1/v1/traces?x", "/v1/traces"},
                                                       {"http://a", "/"},
                                                       {"/x?y=http://a/z", "/x"},
                                                       {"*", "*"}};
  for (const auto& [target, path] : cases) {
    EXPECT_EQ(head_of("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n").path(), path);
  }
}

}  // namespace
}  // namespace nanospan::net
