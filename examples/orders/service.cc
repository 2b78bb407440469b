// Routes and handlers. Each handler is a child of the server span that the adapter made current.
#include "examples/orders/service.h"

#include <nanospan/adapters/httplib.h>

#include <charconv>
#include <limits>

#include "examples/orders/json.h"

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;
using nanospan::Status;

constexpr std::int64_t kListDefault = 20;
constexpr std::int64_t kListMax = 100;

void answer(httplib::Response& response, int status, const std::string& json) {
  response.status = status;
  response.set_content(json, "application/json");
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kMalformed:
      return 400;
    case ErrorCode::kInvalidArgument:
      return 422;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kUnavailable:
      return 502;  // It is the payment provider that is not available.
    default:
      return 500;
  }
}

void answer(httplib::Response& response, const Error& error) {
  std::string json = "{\"error\":";
  append_json_string(json, error.message);
  answer(response, status_of(error.code), json += '}');
}

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

Service::Service(const Options& options, OrderStore& store)
    : options_(options), store_(store), payments_(options.payment) {
  server_.new_task_queue = [threads = options.threads] {
    return std::make_unique<httplib::ThreadPool>(threads).release();  // The server deletes it.
  };
  server_.set_tcp_nodelay(true);
  // cpp-httplib would set SO_REUSEPORT, with which a second service takes the same port and half of the requests.
  server_.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server_.set_keep_alive_max_count(std::numeric_limits<int>::max());
  server_.set_keep_alive_timeout(kKeepAliveSeconds);
  server_.set_payload_max_length(kBodyBytesMax);

  nanospan::adapters::trace(server_, {.logger = [this](const httplib::Request&, const httplib::Response&) {
                              requests_.fetch_add(1, std::memory_order_relaxed);
                            }});
  using nanospan::adapters::route;
  server_.Post("/api/orders", route("/api/orders", [this](const auto& q, auto& a) { create(q, a); }));
  server_.Get("/api/orders", route("/api/orders", [this](const auto& q, auto& a) { list(q, a); }));
  server_.Get(R"(/api/orders/(\d{1,18}))", route("/api/orders/{id}", [this](const auto& q, auto& a) { find(q, a); }));
}

Result<int> Service::bind() {
  int port = options_.port;
  const bool bound = port != 0 ? server_.bind_to_port(options_.address, port)
                               : (port = server_.bind_to_any_port(options_.address)) > 0;
  if (!bound || !server_.widen_backlog()) {
    return Error{ErrorCode::kSystem, "cannot listen on " + options_.address + ":" + std::to_string(options_.port) +
                                         ": the port is taken, or the address is not of this machine"};
  }
  return port;
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
