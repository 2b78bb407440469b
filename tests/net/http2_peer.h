// What tests talk HTTP/2 with: a recorder of a session's events, frames by hand, and a client on a raw TCP connection.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http2_session.h"
#include "tests/net/loop_fixture.h"

namespace nanospan::net {

using StreamId = Http2Session::StreamId;

/// Remembers everything, and gives back credit at once.
struct Recorder final : Http2Session::Events {
  struct Stream {
    std::vector<std::map<std::string, std::string>> headers;  // the message's, then its trailers'
    std::string body;
    bool too_large = false;
    int ends = 0;
    int closes = 0;
    Http2Code code = Http2Code::kNoError;
  };
  void on_headers(StreamId id, const Http2Fields& fields, bool too_large) override {
    auto& block = streams[id].headers.emplace_back();
    for (std::size_t i = 0; i < fields.size(); ++i) block.emplace(fields[i].name, fields[i].value);
    streams[id].too_large = too_large;
  }
  void on_data(StreamId id, std::string_view bytes) override {
    EXPECT_EQ(streams[id].closes, 0);
    streams[id].body += bytes;
    if (!give_credit) return;
    session->consume_stream(id, bytes.size());
    session->consume_connection(bytes.size());
  }
  void on_end(StreamId id) override {
    EXPECT_EQ(++streams[id].ends, 1);
    if (when_ended) when_ended(id);
  }
  void on_closed(StreamId id, Http2Code code) override {
    EXPECT_EQ(++streams[id].closes, 1);
    streams[id].code = code;
  }
  void on_goaway(StreamId last, Http2Code code, std::string_view debug) override {
    goaways.push_back({last, code, std::string(debug)});
  }
  void on_ping(bool is_ack) override { ++(is_ack ? ping_acks : pings); }

  /// The status of a response, "" while there is none.
  std::string status(StreamId id) {
    const auto& headers = streams[id].headers;
    if (headers.empty()) return "";
    const auto found = headers[0].find(":status");
    return found == headers[0].end() ? "" : found->second;
  }

  struct Goaway {
    StreamId last;
    Http2Code code;
    std::string debug;
  };
  std::map<StreamId, Stream> streams;
  std::vector<Goaway> goaways;
  int pings = 0, ping_acks = 0;
  bool give_credit = true;
  std::function<void(StreamId)> when_ended;
  Http2Session* session = nullptr;
};

/// Takes out of the session at most `bytes_max` bytes.
inline std::string take_output(Http2Session& session, std::size_t bytes_max = static_cast<std::size_t>(-1)) {
  std::string out;
  std::array<iovec, 16> pieces;
  while (out.size() < bytes_max) {
    const std::size_t count = session.gather(pieces);
    if (count == 0) break;
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = std::min(pieces[i].iov_len, bytes_max - out.size());
      out.append(static_cast<const char*>(pieces[i].iov_base), size);
      taken += size;
    }
    session.sent(taken);
  }
  return out;
}

// Frames by hand: length (24 bit), type, flags, stream (RFC 9113, 4.1).
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {}) {
  std::string out;
  for (const int shift : {16, 8, 0}) out += static_cast<char>(payload.size() >> shift & 0xff);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(stream >> shift & 0xff);
  return out.append(payload);
}
inline constexpr std::uint8_t kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4, kPing = 6, kGoaway = 7,
                              kWindowUpdate = 8, kContinuation = 9;
inline constexpr std::uint8_t kEndStream = 1, kEndHeaders = 4, kAck = 1;
/// ":method POST :scheme http :path /" as HPACK indexes it, and an authority.
inline std::string post_block() { return std::string("\x83\x86\x84\x41\x01", 5) + "a"; }

/// A client on a TCP connection of its own, next to whatever raw bytes the test sends.
class Http2Peer {
 public:
  explicit Http2Peer(std::uint16_t port, Http2SessionOptions options = {}) : tcp_(port) {
    session_ = Http2Session::create(Http2Session::Role::kClient, options, events).value();
    events.session = session_.get();
  }
  /// Moves bytes both ways.
  void pump() {
    pending_ += take_output(*session_);
    pending_.erase(0, tcp_.send(pending_));
    const std::size_t before = seen_;
    tcp_.receive();
    seen_ = tcp_.received().size();
    if (seen_ > before) session_->receive(std::string_view(tcp_.received()).substr(before));
    pending_ += take_output(*session_);
    pending_.erase(0, tcp_.send(pending_));
  }
  StreamId request(std::vector<Http2Fields::Field> extra, std::string body, std::string_view path = "/v1/traces") {
    std::vector<Http2Fields::Field> fields = {
        {":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "a"}};
    fields.insert(fields.end(), extra.begin(), extra.end());
    Http2Body out;
    if (!body.empty()) out = Http2Body::of(std::move(body));
    return session_->request(fields, std::move(out)).value_or(0);
  }
  Http2Session& session() { return *session_; }
  RawPeer& tcp() { return tcp_; }
  bool ended() const { return tcp_.ended(); }

  Recorder events;

 private:
  RawPeer tcp_;
  std::unique_ptr<Http2Session> session_;
  std::string pending_;
  std::size_t seen_ = 0;
};

}  // namespace nanospan::net
