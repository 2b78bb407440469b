// Routes and handlers. Each handler is a child of the server span that the adapter made current.
#include "examples/orders/service.h"

#include <nanospan/adapters/httplib.h>

#include <charconv>
#include <utility>

#include "examples/orders/json.h"

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;
using nanospan::Status;

constexpr std::int64_t kListDefault = 20;
constexpr std::int64_t kListMax = 100;

nanospan::Tracer& tracer() {
  static nanospan::Tracer tracer({.name = "orders"});
  return tracer;
}

/// Parsing and validation, in a span of their own.
Result<Order> validate(const std::string& body) {
  nanospan::Span span = tracer().start_span("validate order");
  Result<Order> order = parse_order(body);
  if (order) {
    span.set("order.items", order->items.size()).set("order.total_cents", order->total_cents);
  } else {
    span.set("error.type", order.error().code == ErrorCode::kMalformed ? "malformed" : "invalid");
    span.set_status(nanospan::StatusCode::kError, order.error().message);
  }
  return order;
}

Result<std::int64_t> parse_limit(const httplib::Request& request) {
  if (!request.has_param("limit")) return kListDefault;
  const std::string text = request.get_param_value("limit");
  std::int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || limit < 1 || limit > kListMax) {
    return Error{ErrorCode::kInvalidArgument, "limit must be an integer from 1 to " + std::to_string(kListMax)};
  }
  return limit;
}

}  // namespace

Service::Service(HttpServer& server, OrderStore& store, PaymentOptions payment)
    : store_(store), payments_(std::move(payment)) {
  using nanospan::adapters::route;
  server.Post("/api/orders", route("/api/orders", [this](const auto& q, auto& a) { create(q, a); }));
  server.Get("/api/orders", route("/api/orders", [this](const auto& q, auto& a) { list(q, a); }));
  server.Get(R"(/api/orders/(\d{1,18}))", route("/api/orders/{id}", [this](const auto& q, auto& a) { find(q, a); }));
}

void Service::create(const httplib::Request& request, httplib::Response& response) {
  Result<Order> order = validate(request.body);
  if (!order) return answer(response, order.error());
  if (Status kept = store_.insert(*order); !kept) return answer(response, kept.error());
  nanospan::current_span().set("order.id", order->id);

  const Status paid = payments_.charge(*order);
  order->status = paid ? "paid" : "payment_failed";
  if (Status kept = store_.set_status(order->id, order->status); !kept) return answer(response, kept.error());
  if (!paid) return answer(response, paid.error());
  response.set_header("Location", "/api/orders/" + std::to_string(order->id));
  answer(response, 201, to_json(*order));
}

void Service::list(const httplib::Request& request, httplib::Response& response) {
  const Result<std::int64_t> limit = parse_limit(request);
  if (!limit) return answer(response, limit.error());
  const Result<std::vector<Order>> orders = store_.newest(*limit);
  if (!orders) return answer(response, orders.error());
  answer(response, 200, to_json(*orders));
}

void Service::find(const httplib::Request& request, httplib::Response& response) {
  const std::string digits = request.matches[1].str();  // At most 18 of them: it fits.
  std::int64_t id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id);
  const Result<Order> order = store_.find(id);
  if (!order) return answer(response, order.error());
  answer(response, 200, to_json(*order));
}

}  // namespace orders
