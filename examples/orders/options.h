// Options: the command line of the orders service. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/result.h>

#include "examples/orders/payment.h"
#include "examples/orders/process.h"

namespace orders {

struct Options {
  ProcessOptions process = {};
  std::string database = "orders.db";
  std::size_t threads = 128;  ///< Workers. cpp-httplib keeps one on each open connection: have more than clients.
  PaymentOptions payment = {};
  bool help = false;
};

/// The error names the argument and what it may be.
nanospan::Result<Options> parse_options(const std::vector<std::string_view>& words);
std::string_view usage();

}  // namespace orders
