// A service as a process: telemetry, signals, and the account of its spans at the end.
#pragma once

#include <functional>
#include <string>

#include <nanospan/nanospan.h>

#include "examples/orders/http_server.h"

namespace orders {

struct ProcessOptions {
  std::string name = "orders";  ///< service.name, and what its messages begin with.
  std::string address = "127.0.0.1";
  int port = 8080;  ///< 0 = any free one; a line on standard error says which.
  bool tracing = true;
  double sample_ratio = 1;
  std::string endpoint = {};  ///< "" = OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318.
};

/// Starts telemetry, calls `prepare` to add what the server answers, and serves until SIGTERM or SIGINT; then sends
/// what is left and prints what became of the spans as one line of JSON. A second signal ends it at once. The exit
/// code: 0; 1 something could not be opened; 2 wrong options.
int run_service(const ProcessOptions& options, HttpServer& server, const std::function<nanospan::Status()>& prepare);

}  // namespace orders
