// The five bytes in front of a gRPC message are gathered apart, so that the block holds the message alone. Threads: see
// the header.
#include "net/http2_body_reader.h"

#include <algorithm>
#include <cstring>

#include "net/grpc_framing.h"

namespace nanospan::net {
namespace {

constexpr Http2BodyReader::Verdict kTooLarge{413, {}};  // whoever answers knows the limit and says it
constexpr Http2BodyReader::Verdict kNoMemory{503, "no memory for the body; try again later"};

}  // namespace

Http2BodyReader::Verdict Http2BodyReader::expect(std::uint64_t content_length) {
  if (framing_ == BodyFraming::kGrpc) return {};  // the message says its own length
  if (content_length > bytes_max_) return kTooLarge;
  message_size_ = static_cast<std::size_t>(content_length);
  return {};
}

Http2BodyReader::Verdict Http2BodyReader::append(std::string_view bytes) {
  received_ += bytes.size();
  if (framing_ == BodyFraming::kPlain) return append_plain(bytes);
  if (prefix_size_ < prefix_.size()) {
    const std::size_t count = std::min(bytes.size(), prefix_.size() - prefix_size_);
    std::memcpy(prefix_.data() + prefix_size_, bytes.data(), count);
    prefix_size_ += count;
    bytes.remove_prefix(count);
    if (prefix_size_ < prefix_.size()) return {};
    if (const Verdict begun = begin_message(); begun.status != 0) return begun;
  }
  if (bytes.size() > message_size_ - block_.size()) return {400, "more than one message in a unary call"};
  return put(bytes, {message_size_, true});
}

Http2BodyReader::Verdict Http2BodyReader::append_plain(std::string_view bytes) {
  const std::size_t need = block_.size() + bytes.size();
  if (need > bytes_max_) return kTooLarge;
  const bool declared = message_size_ != 0;
  return put(bytes, {declared ? message_size_ : bytes_max_, declared});
}

Http2BodyReader::Verdict Http2BodyReader::begin_message() {
  const GrpcPrefix prefix = read_grpc_prefix(prefix_);
  if (!prefix.valid) return {400, "the message's compressed flag is neither 0 nor 1"};
  if (prefix.size > bytes_max_) return kTooLarge;
  message_size_ = prefix.size;
  return {};
}

/// The bytes may lie in the block already: see room().
Http2BodyReader::Verdict Http2BodyReader::put(std::string_view bytes, BodyBlock::Length length) {
  if (bytes.empty()) return {};
  if (bytes.size() > block_.room().size()) {
    const std::size_t left = message_size_ - std::min(message_size_, block_.size());
    if (!block_.make_room(std::max(bytes.size(), std::min(left, kBodyBytesFirst)), length, ticket_.get())) {
      return kNoMemory;
    }
  }
  char* const to = block_.room().data();
  if (bytes.data() != to) std::memmove(to, bytes.data(), bytes.size());
  block_.wrote(bytes.size());
  return {};
}

Http2BodyReader::Verdict Http2BodyReader::end() const {
  if (framing_ == BodyFraming::kPlain) return {};
  if (prefix_size_ < prefix_.size()) return {400, "the call ended without a message"};
  return block_.size() == message_size_ ? Verdict() : Verdict{400, "the call ended in the middle of its message"};
}

std::span<char> Http2BodyReader::room() { return block_.room(); }

}  // namespace nanospan::net
