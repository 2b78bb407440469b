// All text lies in one string, and fields are offsets into it. Threads: see the header.
#include "net/http2_fields.h"

#include <charconv>

namespace nanospan::net {

void Http2Fields::clear() {
  bytes_.clear();
  spans_.clear();
}

void Http2Fields::add(std::string_view name, std::string_view value) {
  spans_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value.size())});
  bytes_.append(name).append(value);
}

Http2Fields::Field Http2Fields::operator[](std::size_t index) const {
  const Span& span = spans_[index];
  const std::string_view bytes = bytes_;
  return {bytes.substr(span.name, span.name_size), bytes.substr(span.name + span.name_size, span.value_size)};
}

std::optional<std::string_view> Http2Fields::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (const Field field = (*this)[i]; field.name == name) return field.value;
  }
  return std::nullopt;
}

/// Lays the fields out as HTTP/1 would have them, one string and offsets; see HeaderBlock.
class Http2HeadMaker {
 public:
  static Result<MessageHead> make(const Http2Fields& fields) {
    MessageHead head;
    head.major_version = 2;
    head.minor_version = 0;
    head.headers.bytes_.reserve(fields.list_bytes());
    head.headers.fields_.reserve(fields.size());
    std::string_view authority;
    bool has_host = false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Http2Fields::Field field = fields[i];
      if (field.name == ":method") {
        head.start_[0] = append(head, field.value);
      } else if (field.name == ":path") {
        head.start_[1] = append(head, field.value);
      } else if (field.name == ":authority") {
        authority = field.value;
      } else if (!field.name.starts_with(':')) {
        has_host = has_host || field.name == "host";
        if (field.name == "content-length" && !read_length(field.value, head)) {
          return Error{ErrorCode::kMalformed, "content-length is not a number"};
        }
        add(head, field);
      }
    }
    // RFC 9113, 8.3.1: what forwards to HTTP/1.1 makes Host from :authority; handlers are such.
    if (!authority.empty() && !has_host) add(head, {"host", authority});
    return head;
  }

 private:
  static MessageHead::Part append(MessageHead& head, std::string_view text) {
    const MessageHead::Part part{static_cast<std::uint32_t>(head.headers.bytes_.size()),
                                 static_cast<std::uint32_t>(text.size())};
    head.headers.bytes_.append(text);
    return part;
  }
  static void add(MessageHead& head, Http2Fields::Field field) {
    const MessageHead::Part name = append(head, field.name);
    const MessageHead::Part value = append(head, field.value);
    head.headers.fields_.push_back({name.at, name.size, value.at, value.size});
  }
  static bool read_length(std::string_view text, MessageHead& head) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || end != text.data() + text.size()) return false;
    head.content_length = length;
    return true;
  }
};

Result<MessageHead> request_head_of(const Http2Fields& fields) { return Http2HeadMaker::make(fields); }

}  // namespace nanospan::net
