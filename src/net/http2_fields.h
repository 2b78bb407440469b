// Http2Fields: one decoded header block (RFC 9113, 8.1): a request's or response's fields, or trailers, in order.
//
// One string holds all names and values; clear() keeps its memory, so a session decodes block after block without
// allocating. A plain value, one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"

namespace nanospan::net {

class Http2Fields {
 public:
  struct Field {
    std::string_view name;  ///< Lower case; pseudo-headers with their colon.
    std::string_view value;
  };

  void clear();
  void add(std::string_view name, std::string_view value);
  std::size_t size() const { return spans_.size(); }
  bool empty() const { return spans_.empty(); }
  Field operator[](std::size_t index) const;
  /// The value of the first field of this name.
  std::optional<std::string_view> find(std::string_view name) const;
  /// What SETTINGS_MAX_HEADER_LIST_SIZE counts: names, values and 32 for each (RFC 9113, 6.5.2).
  std::size_t list_bytes() const { return bytes_.size() + 32 * spans_.size(); }

 private:
  struct Span {
    std::uint32_t name, name_size, value_size;  // the value follows the name
  };
  std::string bytes_;
  std::vector<Span> spans_;
};

/// The head of a request, in the form that handlers know from HTTP/1.1: `:authority` becomes Host, the other
/// pseudo-headers method and target. nghttp2 has checked the block's form (RFC 9113, 8.3); what it does not know is
/// refused here.
Result<MessageHead> request_head_of(const Http2Fields& fields);

}  // namespace nanospan::net
