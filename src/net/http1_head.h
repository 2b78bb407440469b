// HeadReader: collects and checks the head of an HTTP/1 message, line by line, as its bytes arrive (RFC 9112, 2 to 6).
//
//   request-line   POST SP /v1/traces SP HTTP/1.1 CR LF        status-line   HTTP/1.1 SP 200 SP OK CR LF
//   field-line     name ":" OWS value OWS CR LF                (any number)
//   end            CR LF
//
// It is stricter than RFC 9112 asks wherever leniency lets two parsers see two messages (request smuggling): lines end
// in CR LF and nothing else, no obs-fold, no white space before the colon, Content-Length is digits only and agrees
// with itself, Transfer-Encoding is exactly "chunked", in HTTP/1.1 only and never next to Content-Length. Not
// thread-safe; owned by one parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace nanospan::net {

enum class Http1Fault : std::uint8_t {
  kNone,
  kNotHttp,  ///< The first bytes cannot begin an HTTP/1 message.
  kBadStartLine,
  kBadVersion,  ///< HTTP, but not HTTP/1.x.
  kBareLineFeed,
  kObsFold,
  kBadField,
  kBadHost,  ///< A request without exactly one valid Host (RFC 9112, 3.2).
  kBadContentLength,
  kLengthAndChunked,
  kBadTransferEncoding,
  kBadExpectation,
  kStartLineTooLong,
  kHeadTooLarge,
  kTooManyFields,
  kBodyTooLarge,
  kBadChunk,
};

/// One line for people: what is wrong, by the rule that was broken.
std::string_view describe(Http1Fault fault);
/// The status with which a server refuses a request with this fault.
int status_for(Http1Fault fault);

struct Http1Limits {
  std::size_t start_line_bytes_max = 8u << 10;
  std::size_t head_bytes_max = 32u << 10;
  std::size_t head_fields_max = 100;
};

/// Checks one field line (without its CR LF); on success the offsets of name and value in `line`.
struct FieldLine {
  Http1Fault fault = Http1Fault::kNone;
  std::size_t name_size = 0;
  std::size_t value = 0, value_size = 0;
};
FieldLine read_field_line(std::string_view line);

class HeadReader {
 public:
  HeadReader(bool is_request, const Http1Limits& limits) : is_request_(is_request), limits_(limits) {}

  /// Takes bytes from the front of `input`, up to the end of the head; how many it took.
  std::size_t feed(std::string_view input);
  bool complete() const { return state_ == State::kComplete; }
  Http1Fault fault() const { return fault_; }
  /// True once a byte has been taken.
  bool begun() const { return !head_.headers.bytes_.empty() || skipped_ != 0; }
  /// What was taken so far, as it came (for diagnosing what the peer speaks).
  std::string_view raw() const { return head_.headers.bytes_; }

  const MessageHead& head() const { return head_; }
  MessageHead take() { return std::move(head_); }
  void reset();

 private:
  enum class State { kStartLine, kFields, kComplete };

  void end_of_line();
  Http1Fault start_line(std::string_view line);
  Http1Fault request_line(std::string_view line);
  Http1Fault status_line(std::string_view line);
  Http1Fault version(std::string_view text);
  Http1Fault field(std::string_view line);
  Http1Fault interpret(std::string_view name, std::string_view value);
  Http1Fault content_length(std::string_view value);
  Http1Fault end_of_head();
  Http1Fault check_first_bytes() const;
  std::size_t skip_empty_line(std::string_view input);

  const bool is_request_;
  const Http1Limits limits_;
  MessageHead head_;
  State state_ = State::kStartLine;
  Http1Fault fault_ = Http1Fault::kNone;
  std::size_t line_start_ = 0;
  std::size_t hosts_ = 0;
  std::size_t skipped_ = 0;
  bool expects_continue_ = false;
};

}  // namespace nanospan::net
