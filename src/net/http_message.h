// The parts of HTTP messages (RFC 9110, RFC 9112): header fields, the head of a request or response, and Response.
// HTTP/2 has the same semantics and uses the same types (http2_fields.h).
//
// Plain values. A received head owns one string with the bytes as they came; fields are offsets into it, so heads may
// be moved and copied freely and parsing allocates at most twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nanospan::net {

/// A header field to be sent.
struct Header {
  std::string name;
  std::string value;
};

/// ASCII case-insensitive equality, as header names and most tokens compare (RFC 9110, 5.1).
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// The value of the header named `name`, or nothing. The first one, if there are several.
std::optional<std::string_view> find_header(const std::vector<Header>& headers, std::string_view name);

/// True if `text` may be a header name or method: one or more tchar (RFC 9110, 5.6.2).
bool is_token(std::string_view text);
/// True if `text` may be sent as a header value: no control characters but tab, so nothing can be injected.
bool is_header_value(std::string_view text);

/// Received header fields, in order, names as written.
class HeaderBlock {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;  ///< Without the white space around it.
  };

  std::size_t size() const { return fields_.size(); }
  Field operator[](std::size_t index) const {
    const Span& span = fields_[index];
    return {text(span.name, span.name_size), text(span.value, span.value_size)};
  }
  /// The value of the first field with this name.
  std::optional<std::string_view> find(std::string_view name) const;
  /// True if a comma-separated list header contains `token` (RFC 9110, 5.6.1), over all fields of that name.
  bool has_token(std::string_view name, std::string_view token) const;

 private:
  friend class HeadReader;
  friend class Http2HeadMaker;
  friend struct MessageHead;
  struct Span {
    std::uint32_t name, name_size, value, value_size;
  };
  std::string_view text(std::uint32_t at, std::uint32_t size) const {
    return std::string_view(bytes_).substr(at, size);
  }

  std::string bytes_;  // start line and fields as received
  std::vector<Span> fields_;
};

/// The head of a received request or response, and what it says about its body.
struct MessageHead {
  std::string_view method() const { return part(start_[0]); }  ///< Requests only.
  std::string_view target() const { return part(start_[1]); }  ///< Requests only: as sent, with the query.
  std::string_view path() const;                               ///< The target without its query.
  std::string_view reason() const { return part(start_[1]); }  ///< Responses only.

  HeaderBlock headers;
  int status = 0;  ///< Responses only.
  int major_version = 1;
  int minor_version = 1;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  std::optional<std::uint64_t> content_length;

 private:
  friend class HeadReader;
  friend class Http2HeadMaker;
  struct Part {
    std::uint32_t at = 0, size = 0;
  };
  std::string_view part(Part p) const { return headers.text(p.at, p.size); }
  Part start_[2];
};

/// A response as a server sends it or a client got it. The sender adds Content-Length, Date and Connection itself.
struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
  bool close = false;                 ///< Servers: close the connection after this response.
  std::vector<Header> trailers = {};  ///< HTTP/2 only: after the body (RFC 9113, 8.1).
};

/// "Not Found" for 404; "" for a status without a registered phrase.
std::string_view reason_phrase(int status);

}  // namespace nanospan::net
