// Strict where framing depends on it (lengths, codings, line ends), so that no proxy in front reads it otherwise.
// Threads: see the header.
#include "net/http1_head.h"

#include <algorithm>
#include <charconv>

namespace nanospan::net {
namespace {

constexpr std::string_view kVersionStart = "HTTP/1.";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Visible ASCII, as a request target is made of (RFC 3986, 2). A fragment is never sent.
bool is_target(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

/// uri-host [":" port], by alphabet: enough to keep out what other parsers might take for a path, a list or user
/// information.
bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"#,/<>?@\\^`{|}").find(c) == std::string_view::npos;
  });
}

}  // namespace

std::string_view describe(Http1Fault fault) {
  switch (fault) {
    case Http1Fault::kNone:
      return "no fault";
    case Http1Fault::kNotHttp:
      return "the first bytes are not HTTP/1";
    case Http1Fault::kBadStartLine:
      return "malformed start line";
    case Http1Fault::kBadVersion:
      return "only HTTP/1.0 and HTTP/1.1 are spoken here";
    case Http1Fault::kBareLineFeed:
      return "a line does not end in CR LF";
    case Http1Fault::kObsFold:
      return "a header is folded over several lines";
    case Http1Fault::kBadField:
      return "malformed header field";
    case Http1Fault::kBadHost:
      return "a request needs exactly one valid Host header";
    case Http1Fault::kBadContentLength:
      return "Content-Length is not one decimal number";
    case Http1Fault::kLengthAndChunked:
      return "Content-Length and Transfer-Encoding exclude each other";
    case Http1Fault::kBadTransferEncoding:
      return "Transfer-Encoding other than chunked in HTTP/1.1";
    case Http1Fault::kBadExpectation:
      return "Expect other than 100-continue";
    case Http1Fault::kStartLineTooLong:
      return "the start line is too long";
    case Http1Fault::kHeadTooLarge:
      return "the headers are too large";
    case Http1Fault::kTooManyFields:
      return "too many header fields";
    case Http1Fault::kBodyTooLarge:
      return "the body is too large";
    case Http1Fault::kBadChunk:
      return "malformed chunk";
  }
  return "unknown fault";
}

int status_for(Http1Fault fault) {
  switch (fault) {
    case Http1Fault::kBadVersion:
      return 505;
    case Http1Fault::kBadTransferEncoding:
      return 501;
    case Http1Fault::kBadExpectation:
      return 417;
    case Http1Fault::kStartLineTooLong:
      return 414;
    case Http1Fault::kHeadTooLarge:
    case Http1Fault::kTooManyFields:
      return 431;
    case Http1Fault::kBodyTooLarge:
      return 413;
    default:
      return 400;
  }
}

FieldLine read_field_line(std::string_view line) {
  FieldLine field;
  if (line.starts_with(' ') || line.starts_with('\t')) {
    field.fault = Http1Fault::kObsFold;
    return field;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || !is_header_value(line.substr(colon + 1))) {
    field.fault = Http1Fault::kBadField;
    return field;
  }
  field.name_size = colon;
  const std::size_t first = line.find_first_not_of(" \t", colon + 1);
  field.value = first == std::string_view::npos ? line.size() : first;
  if (first != std::string_view::npos) field.value_size = line.find_last_not_of(" \t") - first + 1;
  return field;
}

void HeadReader::reset() {
  head_ = MessageHead();
  state_ = State::kStartLine;
  fault_ = Http1Fault::kNone;
  line_start_ = hosts_ = skipped_ = 0;
  expects_continue_ = false;
}

std::size_t HeadReader::feed(std::string_view input) {
  std::size_t taken = skip_empty_line(input);
  std::string& bytes = head_.headers.bytes_;
  while (taken < input.size() && !complete() && fault_ == Http1Fault::kNone) {
    const std::string_view rest = input.substr(taken);
    const std::size_t feed_at = rest.find('\n');
    const bool whole_line = feed_at != std::string_view::npos;
    const std::size_t count = whole_line ? feed_at + 1 : rest.size();
    const std::size_t start_line_size = state_ == State::kStartLine ? bytes.size() + count : 0;
    if (start_line_size > limits_.start_line_bytes_max) {
      fault_ = Http1Fault::kStartLineTooLong;
    } else if (bytes.size() + count > limits_.head_bytes_max) {
      fault_ = Http1Fault::kHeadTooLarge;
    }
    if (fault_ != Http1Fault::kNone) {
      // Garbage is called garbage even if its first "line" is too long.
      bytes.append(rest.substr(0, std::min<std::size_t>(count, 16)));
      if (check_first_bytes() != Http1Fault::kNone) fault_ = Http1Fault::kNotHttp;
      break;
    }
    bytes.append(rest.substr(0, count));
    taken += count;
    if (state_ == State::kStartLine) fault_ = check_first_bytes();
    if (whole_line && fault_ == Http1Fault::kNone) end_of_line();
  }
  return taken;
}

/// One empty line before a request is ignored (RFC 9112, 2.2: old clients send it after a body).
std::size_t HeadReader::skip_empty_line(std::string_view input) {
  constexpr std::string_view kEmptyLine = "\r\n";
  std::size_t taken = 0;
  if (!is_request_ || !head_.headers.bytes_.empty()) return 0;
  while (skipped_ < kEmptyLine.size() && taken < input.size() && input[taken] == kEmptyLine[skipped_]) {
    ++skipped_;
    ++taken;
  }
  if (skipped_ == 1 && taken < input.size()) fault_ = Http1Fault::kBadStartLine;  // a CR alone
  return taken;
}

/// Tells a peer that speaks something else as early as its bytes do, long before a line ends.
Http1Fault HeadReader::check_first_bytes() const {
  const std::string_view bytes = head_.headers.bytes_;
  if (is_request_) return is_token(bytes.substr(0, 1)) ? Http1Fault::kNone : Http1Fault::kNotHttp;
  const std::string_view begin = bytes.substr(0, 5);  // "HTTP/": a later version is a matter of kBadVersion
  return kVersionStart.starts_with(begin) ? Http1Fault::kNone : Http1Fault::kNotHttp;
}

void HeadReader::end_of_line() {
  const std::string& bytes = head_.headers.bytes_;
  std::string_view line = std::string_view(bytes).substr(line_start_, bytes.size() - 1 - line_start_);
  if (!line.ends_with('\r')) {
    fault_ = Http1Fault::kBareLineFeed;
    return;
  }
  line.remove_suffix(1);
  if (state_ == State::kStartLine) {
    fault_ = start_line(line);
    state_ = State::kFields;
  } else if (line.empty()) {
    fault_ = end_of_head();
    state_ = State::kComplete;
  } else {
    fault_ = field(line);
  }
  line_start_ = bytes.size();
}

Http1Fault HeadReader::start_line(std::string_view line) {
  return is_request_ ? request_line(line) : status_line(line);
}

Http1Fault HeadReader::request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Http1Fault::kBadStartLine;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(line.substr(0, first)) || !is_target(target)) return Http1Fault::kBadStartLine;
  head_.start_[0] = {0, static_cast<std::uint32_t>(first)};
  head_.start_[1] = {static_cast<std::uint32_t>(first + 1), static_cast<std::uint32_t>(target.size())};
  return version(line.substr(last + 1));
}

Http1Fault HeadReader::status_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (const Http1Fault fault = version(line.substr(0, space)); fault != Http1Fault::kNone) return fault;
  if (space == std::string_view::npos) return Http1Fault::kBadStartLine;
  const std::string_view code = line.substr(space + 1, 3);
  const std::string_view rest = line.substr(space + 1 + code.size());
  const bool digits = code.size() == 3 && std::all_of(code.begin(), code.end(), is_digit);
  if (!digits || code[0] == '0' || !(rest.empty() || rest[0] == ' ') || !is_header_value(rest)) {
    return Http1Fault::kBadStartLine;
  }
  std::from_chars(code.data(), code.data() + code.size(), head_.status);
  const std::size_t reason = std::min(line.size(), space + 5);
  head_.start_[1] = {static_cast<std::uint32_t>(reason), static_cast<std::uint32_t>(line.size() - reason)};
  return Http1Fault::kNone;
}

Http1Fault HeadReader::version(std::string_view text) {
  if (!text.starts_with("HTTP/")) return Http1Fault::kBadStartLine;
  if (text.size() != kVersionStart.size() + 1 || !text.starts_with(kVersionStart)) return Http1Fault::kBadVersion;
  if (!is_digit(text.back())) return Http1Fault::kBadStartLine;
  head_.minor_version = text.back() == '0' ? 0 : 1;  // a higher minor version is compatible (RFC 9110, 2.5)
  return Http1Fault::kNone;
}

Http1Fault HeadReader::field(std::string_view line) {
  if (head_.headers.fields_.size() >= limits_.head_fields_max) return Http1Fault::kTooManyFields;
  const FieldLine read = read_field_line(line);
  if (read.fault != Http1Fault::kNone) return read.fault;
  head_.headers.fields_.push_back({static_cast<std::uint32_t>(line_start_), static_cast<std::uint32_t>(read.name_size),
                                   static_cast<std::uint32_t>(line_start_ + read.value),
                                   static_cast<std::uint32_t>(read.value_size)});
  return interpret(line.substr(0, read.name_size), line.substr(read.value, read.value_size));
}

Http1Fault HeadReader::interpret(std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "content-length")) return content_length(value);
  if (equals_ignoring_case(name, "transfer-encoding")) {
    // A second field, a list or another coding could mean different lengths to different readers.
    if (head_.chunked || !equals_ignoring_case(value, "chunked")) return Http1Fault::kBadTransferEncoding;
    head_.chunked = true;
  } else if (is_request_ && equals_ignoring_case(name, "host")) {
    ++hosts_;
    if (!is_host(value)) return Http1Fault::kBadHost;
  } else if (is_request_ && equals_ignoring_case(name, "expect")) {
    if (!equals_ignoring_case(value, "100-continue")) return Http1Fault::kBadExpectation;
    expects_continue_ = true;
  }
  return Http1Fault::kNone;
}

Http1Fault HeadReader::content_length(std::string_view value) {
  std::uint64_t length = 0;
  const char* const end = value.data() + value.size();
  const bool digits = !value.empty() && std::all_of(value.begin(), value.end(), is_digit);
  if (!digits || std::from_chars(value.data(), end, length).ec != std::errc()) return Http1Fault::kBadContentLength;
  if (head_.content_length && *head_.content_length != length) return Http1Fault::kBadContentLength;
  head_.content_length = length;
  return Http1Fault::kNone;
}

Http1Fault HeadReader::end_of_head() {
  if (head_.chunked && head_.content_length) return Http1Fault::kLengthAndChunked;
  if (head_.chunked && head_.minor_version == 0) return Http1Fault::kBadTransferEncoding;  // RFC 9112, 6.1
  if (is_request_ && (hosts_ > 1 || (hosts_ == 0 && head_.minor_version == 1))) return Http1Fault::kBadHost;
  head_.expects_continue = expects_continue_ && head_.minor_version == 1;  // RFC 9110, 10.1.1: ignored in 1.0
  const bool close = head_.headers.has_token("connection", "close");
  head_.keep_alive = !close && (head_.minor_version == 1 || head_.headers.has_token("connection", "keep-alive"));
  return Http1Fault::kNone;
}

}  // namespace nanospan::net
