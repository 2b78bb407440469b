// LINK: nanospan_net_http2
// An HTTP/2 session fed with hostile bytes, as a server that answers every request and as a client with a request under
// way: no crash, no event after a stream's last, and no body beyond what the session gave credit for.
//
// Input: one byte (bit 0: which role; the rest: how the bytes are cut), then what the peer sends. A server's input
// begins after the preface.
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "net/http2_body_reader.h"
#include "net/http2_session.h"

namespace {

using nanospan::net::Http2Body;
using nanospan::net::Http2BodyReader;
using nanospan::net::Http2Code;
using nanospan::net::Http2Fields;
using nanospan::net::Http2Session;
using nanospan::net::Http2SessionOptions;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void check(bool holds) {
  if (!holds) __builtin_trap();
}

class Peer final : public Http2Session::Events {
 public:
  explicit Peer(bool server) : server_(server) {
    Http2SessionOptions options;
    options.stream_window_bytes = 1000;
    options.connection_window_bytes = 65535;
    options.header_list_bytes_max = 2000;
    options.idle_frames_max = 200;
    const auto role = server ? Http2Session::Role::kServer : Http2Session::Role::kClient;
    session_ = Http2Session::create(role, options, *this).value();
    if (server) return;
    const std::array<Http2Fields::Field, 4> fields = {
        Http2Fields::Field{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};
    check(session_->request(fields, Http2Body::of(std::string(3000, 'x'))).ok());
  }

  bool feed(std::string_view bytes) {
    const bool goes_on = session_->receive(bytes);
    std::array<iovec, 8> pieces;
    for (int i = 0; i < 64; ++i) {
      const std::size_t count = session_->gather(pieces);
      if (count == 0) break;
      std::size_t bytes_out = 0;
      for (std::size_t k = 0; k < count; ++k) bytes_out += pieces[k].iov_len;
      session_->sent(bytes_out);
    }
    return goes_on && !session_->finished();
  }

  void on_headers(Http2Session::StreamId id, const Http2Fields& fields, bool) override {
    check(fields.list_bytes() <= 2000);
    static_cast<void>(nanospan::net::request_head_of(fields));
    streams_.try_emplace(id, nanospan::net::BodyFraming::kGrpc, 5000, nullptr);
  }
  void on_data(Http2Session::StreamId id, std::string_view bytes) override {
    session_->consume_stream(id, bytes.size());
    session_->consume_connection(bytes.size());
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    check(found->second.append(bytes).status == 0 || found->second.received() > 0);
  }
  void on_end(Http2Session::StreamId id) override {
    if (!server_) return;
    const std::array<Http2Fields::Field, 1> fields = {Http2Fields::Field{":status", "200"}};
    session_->respond(id, fields, Http2Body::of("answer"), {{"grpc-status", "0"}});
  }
  void on_closed(Http2Session::StreamId id, Http2Code) override { streams_.erase(id); }
  void on_goaway(Http2Session::StreamId, Http2Code, std::string_view) override {}
  void on_ping(bool) override {}

 private:
  const bool server_;
  std::unique_ptr<Http2Session> session_;
  std::map<Http2Session::StreamId, Http2BodyReader> streams_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool server = (data[0] & 1) == 0;
  const std::size_t step = data[0] < 2 ? size : data[0] / 2;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  Peer peer(server);
  if (server && !peer.feed(kPreface)) return 0;
  for (; !input.empty(); input.remove_prefix(std::min(step, input.size()))) {
    if (!peer.feed(input.substr(0, step))) break;
  }
  return 0;
}
