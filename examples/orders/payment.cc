// The real and the simulated provider.
#include "examples/orders/payment.h"

#include <nanospan/adapters/httplib.h>

#include <thread>

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Status;

constexpr const char* kProvider = "payments.example";
constexpr time_t kTimeoutSeconds = 5;

}  // namespace

bool payment_fails(std::int64_t order, double share) {
  std::uint64_t x = static_cast<std::uint64_t>(order) + 0x9E3779B97F4A7C15U;  // splitmix64
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-53 < share;
}

Status Payments::charge(const Order& order) const {
  return options_.url.empty() ? simulate(order) : charge_by_http(order);
}

Status Payments::charge_by_http(const Order& order) const {
  // An httplib::Client serves one request at a time, so each worker has its own, and with it a kept-alive connection.
  thread_local nanospan::adapters::TracedClient client(options_.url);
  client.client().set_keep_alive(true);
  client.client().set_tcp_nodelay(true);
  client.client().set_connection_timeout(kTimeoutSeconds);
  client.client().set_read_timeout(kTimeoutSeconds);

  httplib::Request request;
  request.method = "POST";
  request.path = "/charges";
  request.set_header("Content-Type", "application/json");
  request.body = "{\"order\":" + std::to_string(order.id) + ",\"cents\":" + std::to_string(order.total_cents) + "}";
  const httplib::Result result = client.send(std::move(request), "/charges");
  if (!result) return Error{ErrorCode::kUnavailable, "payment: " + httplib::to_string(result.error())};
  if (result->status >= 300) {
    return Error{ErrorCode::kUnavailable, "payment: the provider answered " + std::to_string(result->status)};
  }
  return {};
}

Status Payments::simulate(const Order& order) const {
  static nanospan::Tracer tracer({.name = "orders.payment"});
  nanospan::Span span =
      tracer.start_span("POST /charges", {.kind = nanospan::SpanKind::kClient,
                                          .attributes = {{"http.request.method", "POST"},
                                                         {"server.address", kProvider},
                                                         {"server.port", 443},
                                                         {"url.full", "https://payments.example/charges"}}});
  span.set("order.id", order.id).set("order.total_cents", order.total_cents);
  std::this_thread::sleep_for(options_.delay);
  if (!payment_fails(order.id, options_.failure_share)) {
    span.set("http.response.status_code", 200);
    return {};
  }
  span.set("http.response.status_code", 503).set("error.type", "503");
  span.add_event("payment.refused", {{"payment.reason", "provider overloaded"}});
  span.set_status(nanospan::StatusCode::kError);
  return Error{ErrorCode::kUnavailable, "payment: the provider answered 503"};
}

}  // namespace orders
