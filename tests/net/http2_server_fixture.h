// The fixture of HttpServer with HTTP/2 turned on, and clients for it.
#pragma once

#include <functional>
#include <string_view>

#include "net/http2_server.h"
#include "tests/net/http2_peer.h"
#include "tests/net/http_server_fixture.h"

namespace nanospan::net {

class Http2ServerTest : public HttpServerTest {
 protected:
  void start() {
    options_.http2 = http2_server_protocol(http2_);
    HttpServerTest::start();
  }
  [[nodiscard]] bool until(Http2Peer& peer, const std::function<bool()>& done) {
    return run_until([&] {
      peer.pump();
      return done();
    });
  }
  [[nodiscard]] bool answered(Http2Peer& peer, StreamId id, std::string_view status) {
    return until(peer, [&] { return peer.events.streams[id].closes == 1; }) && peer.events.status(id) == status;
  }
  /// Moves time in steps, so that what one step brings due is seen before the next.
  void pass(Http2Peer& peer, std::uint64_t nanos) {
    settle();
    peer.pump();
    advance(nanos);
    peer.pump();
    settle();
  }
  Http2ServerOptions http2_;
};

}  // namespace nanospan::net
