// Http2BodyReader: receives the body of one request into one block, and charges it before it is there.
//
//   kPlain   the body as it comes
//   kGrpc    +------+----------------+---------+   (gRPC over HTTP2, "Length-Prefixed-Message")
//            | flag | length, 32 bit | message |   the block holds the message alone
//            +------+----------------+---------+
//
// Room is made and charged as bytes arrive, up to the length that was declared (BodyBlock).
//
// One owner, one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "net/body_block.h"
#include "net/byte_block.h"
#include "net/http_server.h"

namespace nanospan::net {

class Http2BodyReader {
 public:
  /// Why a body is refused, as an HTTP status, and in words but for 413; 0: it is not.
  struct Verdict {
    int status = 0;
    std::string_view reason;
  };

  Http2BodyReader() = default;
  Http2BodyReader(BodyFraming framing, std::size_t bytes_max, std::unique_ptr<BodyTicket> ticket)
      : framing_(framing), bytes_max_(bytes_max), ticket_(std::move(ticket)) {}

  /// Before the first byte: `content_length` as the head has it.
  Verdict expect(std::uint64_t content_length);
  Verdict append(std::string_view bytes);
  /// No more will come.
  Verdict end() const;
  /// Where the next bytes go, if that is known.
  std::span<char> room();

  std::uint64_t received() const { return received_; }
  std::size_t bytes_max() const { return bytes_max_; }
  bool compressed() const { return prefix_[0] != 0; }
  ByteBlock take_block() { return block_.take(); }
  std::unique_ptr<BodyTicket> take_ticket() { return std::move(ticket_); }

 private:
  Verdict append_plain(std::string_view bytes);
  Verdict begin_message();
  Verdict put(std::string_view bytes, BodyBlock::Length length);

  BodyFraming framing_ = BodyFraming::kPlain;
  std::size_t bytes_max_ = 0;
  std::unique_ptr<BodyTicket> ticket_;
  BodyBlock block_;
  std::array<char, 5> prefix_{};
  std::size_t prefix_size_ = 0;
  std::size_t message_size_ = 0;  // kPlain: content-length, 0 if there is none
  std::uint64_t received_ = 0;
};

}  // namespace nanospan::net
