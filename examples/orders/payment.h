// Payments: asks a payment provider to charge an order, in a client span.
//
// With a URL it sends a real request, `POST <url>/charges`, with the W3C context in its headers. Without one it only
// behaves like one: it waits as long as a provider might take, and fails for a small, fixed share of the orders, so
// that traces with errors are there to look at. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <nanospan/result.h>

#include "examples/orders/order.h"

namespace orders {

/// Whether the payment of an order fails: the same for an id each time, and for `share` of all ids, as if by chance.
bool payment_fails(std::int64_t order, double share);

struct PaymentOptions {
  std::string url = {};                ///< "http://host:port"; empty = simulated.
  double failure_share = 0.01;         ///< Of the simulated payments, 0 to 1.
  std::chrono::milliseconds delay{2};  ///< Of a simulated payment.
};

class Payments {
 public:
  explicit Payments(PaymentOptions options) : options_(std::move(options)) {}

  /// kUnavailable if the provider does not take it.
  nanospan::Status charge(const Order& order) const;

 private:
  nanospan::Status charge_by_http(const Order& order) const;
  nanospan::Status simulate(const Order& order) const;

  PaymentOptions options_;
};

}  // namespace orders
