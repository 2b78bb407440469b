// Options: the command line of the orders service. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/result.h>

#include "examples/orders/payment.h"

namespace orders {

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0 = any free one; the service says which.
  std::string database = "orders.db";
  std::size_t threads = 128;  ///< Workers. cpp-httplib keeps one on each open connection: have more than clients.
  bool tracing = true;
  double sample_ratio = 1;
  std::string endpoint = {};  ///< "" = OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318.
  PaymentOptions payment = {};
  bool help = false;
};

/// The error names the argument and what it may be.
nanospan::Result<Options> parse_options(const std::vector<std::string_view>& words);
std::string_view usage();

}  // namespace orders
