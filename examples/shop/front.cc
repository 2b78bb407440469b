// One order, three services.
#include "examples/shop/front.h"

#include <nanospan/adapters/httplib.h>

#include "examples/orders/json.h"
#include "examples/orders/order.h"

namespace shop {
namespace {

using nanospan::Result;

/// What inventory is asked for.
std::string reservation_of(const orders::Order& order) {
  std::string json = "{\"items\":[";
  for (const orders::OrderItem& item : order.items) {
    json += json.back() == '[' ? "{\"sku\":" : ",{\"sku\":";
    orders::append_json_string(json, item.sku);
    json += ",\"quantity\":" + std::to_string(item.quantity) + "}";
  }
  return json += "]}";
}

void relay(const httplib::Response& from, httplib::Response& to) {
  if (from.has_header("Location")) to.set_header("Location", from.get_header_value("Location"));
  orders::answer(to, from.status, from.body);
}

}  // namespace

Front::Front(orders::HttpServer& server, const std::string& inventory_url, const std::string& orders_url)
    : inventory_("inventory", inventory_url), orders_("orders", orders_url) {
  using nanospan::adapters::route;
  server.Post("/api/orders", route("/api/orders", [this](const auto& q, auto& a) { order(q, a); }));
  server.Get("/api/orders", route("/api/orders", [this](const auto& q, auto& a) { pass_on(q, a, "/api/orders"); }));
  server.Get(R"(/api/orders/(\d{1,18}))",
             route("/api/orders/{id}", [this](const auto& q, auto& a) { pass_on(q, a, "/api/orders/{id}"); }));
}

void Front::order(const httplib::Request& request, httplib::Response& response) const {
  const Result<orders::Order> order = orders::parse_order(request.body);
  if (!order) return orders::answer(response, order.error());

  const Result<httplib::Response> reserved =
      inventory_.ask("POST", "/reservations", "/reservations", reservation_of(*order));
  if (!reserved) return orders::answer(response, reserved.error());
  if (reserved->status != 201) return relay(*reserved, response);
  const std::string reservation = reserved->get_header_value("Location");
  nanospan::current_span().set("shop.reservation", reservation);

  const Result<httplib::Response> ordered = orders_.ask("POST", "/api/orders", "/api/orders", request.body);
  if (!ordered || ordered->status != 201) {
    const Result<httplib::Response> released = inventory_.ask("DELETE", reservation, "/reservations/{id}");
    if (!released || released->status != 204) nanospan::current_span().add_event("shop.reservation_kept");
  }
  if (!ordered) return orders::answer(response, ordered.error());
  relay(*ordered, response);
}

void Front::pass_on(const httplib::Request& request, httplib::Response& response, const char* route) const {
  const Result<httplib::Response> answered = orders_.ask("GET", request.target, route);
  if (!answered) return orders::answer(response, answered.error());
  relay(*answered, response);
}

}  // namespace shop
