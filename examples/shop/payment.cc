// The bank is a wait.
#include "examples/shop/payment.h"

#include <nanospan/adapters/httplib.h>

#include <thread>

#include "examples/orders/json.h"
#include "examples/orders/payment.h"

namespace shop {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;
using nanospan::Status;
using orders::Json;

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS charges (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, cents INTEGER NOT NULL)";
constexpr orders::Sql kCharge{"INSERT", "charges", "INSERT charges",
                              "INSERT INTO charges (order_id, cents) VALUES (?, ?) RETURNING id"};

const Json* integer_of(const Json& json, std::string_view name) {
  const Json* const value = json.member(name);
  return value != nullptr && value->kind == Json::Kind::kInteger ? value : nullptr;
}

}  // namespace

Result<std::unique_ptr<Payment>> Payment::open(orders::HttpServer& server, const std::string& path,
                                               double failure_share, std::chrono::milliseconds delay) {
  Result<std::unique_ptr<orders::Database>> database = orders::Database::open(path, 1);
  if (!database) return database.error();
  if (Status made = (*database)->prepare(kSchema); !made) return made.error();
  std::unique_ptr<Payment> payment(new Payment(std::move(*database), failure_share, delay));
  Payment* const self = payment.get();
  server.Post("/charges",
              nanospan::adapters::route("/charges", [self](const auto& q, auto& a) { self->charge(q, a); }));
  return payment;
}

void Payment::charge(const httplib::Request& request, httplib::Response& response) {
  const Result<Json> json = Json::parse(request.body);
  if (!json) return orders::answer(response, json.error());
  const Json* const order = integer_of(*json, "order");
  const Json* const cents = integer_of(*json, "cents");
  if (order == nullptr || cents == nullptr || cents->integer < 0) {
    const Error wrong{ErrorCode::kInvalidArgument, "a charge is {\"order\": id, \"cents\": from 0}"};
    return orders::answer(response, wrong);
  }
  {
    static nanospan::Tracer tracer({.name = "shop.payment"});
    nanospan::Span span = tracer.start_span("ask the bank");
    span.set("payment.cents", cents->integer);
    std::this_thread::sleep_for(delay_);
    if (orders::payment_fails(order->integer, failure_share_)) {
      span.set("error.type", "refused");
      span.set_status(nanospan::StatusCode::kError, "the bank refuses");
      return orders::answer(response, 503, "{\"error\":\"the bank refuses\"}");
    }
  }
  std::int64_t id = 0;
  const Status kept = database_->write([&](orders::Connection& connection) {
    return connection.execute(kCharge, {order->integer, cents->integer},
                              [&id](const orders::Row& row) { id = row.integer(0); });
  });
  if (!kept) return orders::answer(response, kept.error());
  orders::answer(response, 201, "{\"id\":" + std::to_string(id) + "}");
}

}  // namespace shop
