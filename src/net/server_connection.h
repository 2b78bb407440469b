// ServerConnection: what the shard of a server knows of a connection, whatever protocol it speaks. Internal to the
// server.
//
// Loop thread only. Owned by its shard; every entry point may end with the connection being destroyed, by
// HttpShard::remove().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http_message.h"

namespace nanospan::net {

class HttpShard;

class ServerConnection {
 public:
  virtual ~ServerConnection() = default;
  /// Registers with the loop and reads what is there already.
  virtual void start() = 0;
  /// The handler's answer, from its Responder. `stream` is 0 in HTTP/1.1.
  virtual void answer(std::uint32_t stream, Response response) = 0;
  /// The Responder was destroyed without an answer: 500, in the handler's form.
  virtual void answer_missing(std::uint32_t stream) = 0;
  /// `gone` is called once if the peer closes before the answer. Default: never.
  virtual void watch_peer(Task /*gone*/) {}
  /// Closes if idle; else ends when what is in flight is answered.
  virtual void drain() = 0;
  /// Goes on after giving other connections a turn.
  virtual void resume() = 0;
};

/// Takes over an accepted connection whose first bytes, `received`, are the HTTP/2 preface (RFC 9113, 3.4). Called on
/// all loops. See http2_server.h, which is a library of its own: HTTP/1.1 alone needs no nghttp2.
using Http2Protocol = std::function<std::unique_ptr<ServerConnection>(
    HttpShard& shard, std::uint64_t id, std::unique_ptr<ByteStream> stream, std::string peer, std::string received)>;

}  // namespace nanospan::net
