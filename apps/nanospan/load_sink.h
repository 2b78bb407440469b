// LoadSink: where the spans of `nanospan load otlp` end: an OTLP receiver for gRPC, HTTP/1.1 and HTTP/2 on one port
// that decompresses, validates every request as the gateway does, and writes the id of every span into the ledger.
//
// On the loop of the generator; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "apps/nanospan/load_ledger.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_server.h"

namespace nanospan::app {

struct LoadSinkOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string certificate_file;  ///< With key_file: speaks TLS.
  std::string key_file;
};

class LoadSink {
 public:
  /// `ledger` must outlive the sink. The error names the address or file.
  static Result<std::unique_ptr<LoadSink>> start(net::EventLoop& loop, const LoadSinkOptions& options,
                                                 LoadLedger& ledger);
  ~LoadSink();

  std::uint16_t port() const { return server_->port(); }
  std::uint64_t requests() const;
  std::uint64_t invalid() const;           ///< Requests that could not be decoded; answered with an error.
  const std::string& first_fault() const;  ///< What was wrong with the first of them.

 private:
  class Handler;
  LoadSink() = default;
  std::shared_ptr<Handler> handler_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace nanospan::app
