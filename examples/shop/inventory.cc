// Each reservation is one transaction: all of its items, or none.
#include "examples/shop/inventory.h"

#include <nanospan/adapters/httplib.h>

#include <charconv>
#include <vector>

#include "examples/orders/json.h"

namespace shop {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;
using nanospan::Status;
using orders::Connection;
using orders::Database;
using orders::Json;
using orders::Row;
using orders::Sql;

constexpr std::size_t kReaders = 4;
constexpr std::int64_t kQuantityMax = 1000;

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, left INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS reservations (id INTEGER PRIMARY KEY);"
    "CREATE TABLE IF NOT EXISTS reserved (reservation INTEGER NOT NULL REFERENCES reservations(id) ON DELETE CASCADE,"
    " sku TEXT NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (reservation, sku)) WITHOUT ROWID";

constexpr Sql kTake{"INSERT", "stock", "INSERT stock",
                    "INSERT INTO stock (sku, left) VALUES (?1, ?2 - ?3)"
                    " ON CONFLICT (sku) DO UPDATE SET left = left - ?3 WHERE left >= ?3 RETURNING left"};
constexpr Sql kReserve{"INSERT", "reservations", "INSERT reservations",
                       "INSERT INTO reservations DEFAULT VALUES RETURNING id"};
constexpr Sql kReserveItem{"INSERT", "reserved", "INSERT reserved",
                           "INSERT INTO reserved (reservation, sku, quantity) VALUES (?, ?, ?)"
                           " ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity"};
constexpr Sql kGiveBack{"UPDATE", "stock", "UPDATE stock",
                        "UPDATE stock SET left = left + reserved.quantity FROM reserved"
                        " WHERE reserved.reservation = ? AND reserved.sku = stock.sku"};
constexpr Sql kForget{"DELETE", "reservations", "DELETE reservations",
                      "DELETE FROM reservations WHERE id = ? RETURNING id"};
constexpr Sql kCount{"SELECT", "stock", "SELECT stock", "SELECT left FROM stock WHERE sku = ?"};

struct Item {
  std::string sku;
  std::int64_t quantity = 0;
};

Result<std::vector<Item>> parse_items(const std::string& body) {
  Result<Json> json = Json::parse(body);
  if (!json) return json.error();
  const Json* const items = json->member("items");
  const Error wrong{ErrorCode::kInvalidArgument, "items must be a list of {\"sku\", \"quantity\" from 1 to 1000}"};
  if (items == nullptr || items->kind != Json::Kind::kArray || items->elements.empty()) return wrong;
  std::vector<Item> parsed;
  for (const Json& item : items->elements) {
    const Json* const sku = item.member("sku");
    const Json* const quantity = item.member("quantity");
    if (sku == nullptr || sku->kind != Json::Kind::kString || sku->text.empty()) return wrong;
    if (quantity == nullptr || quantity->kind != Json::Kind::kInteger) return wrong;
    if (quantity->integer < 1 || quantity->integer > kQuantityMax) return wrong;
    parsed.push_back({sku->text, quantity->integer});
  }
  return parsed;
}

}  // namespace

Result<std::unique_ptr<Inventory>> Inventory::open(orders::HttpServer& server, const std::string& path,
                                                   std::int64_t stock) {
  Result<std::unique_ptr<Database>> database = Database::open(path, kReaders);
  if (!database) return database.error();
  if (Status made = (*database)->prepare(kSchema); !made) return made.error();
  std::unique_ptr<Inventory> inventory(new Inventory(std::move(*database), stock));
  Inventory* const self = inventory.get();
  using nanospan::adapters::route;
  server.Post("/reservations", route("/reservations", [self](const auto& q, auto& a) { self->reserve(q, a); }));
  server.Delete(R"(/reservations/(\d{1,18}))",
                route("/reservations/{id}", [self](const auto& q, auto& a) { self->release(q, a); }));
  server.Get(R"(/stock/([A-Za-z0-9-]{1,40}))",
             route("/stock/{sku}", [self](const auto& q, auto& a) { self->count(q, a); }));
  return inventory;
}

void Inventory::reserve(const httplib::Request& request, httplib::Response& response) {
  const Result<std::vector<Item>> items = parse_items(request.body);
  if (!items) return orders::answer(response, items.error());
  std::int64_t id = 0;
  const Status reserved = database_->write([&](Connection& connection) -> Status {
    for (const Item& item : *items) {
      bool taken = false;
      Status done = connection.execute(kTake, {std::string_view(item.sku), stock_, item.quantity},
                                       [&taken](const Row&) { taken = true; });
      if (!done) return done;
      if (!taken) return Error{ErrorCode::kResourceExhausted, "there are too few of " + item.sku};
    }
    Status done = connection.execute(kReserve, {}, [&id](const Row& row) { id = row.integer(0); });
    if (!done) return done;
    std::vector<std::vector<orders::Value>> rows;
    for (const Item& item : *items) rows.push_back({id, std::string_view(item.sku), item.quantity});
    return connection.execute_batch(kReserveItem, rows);
  });
  if (!reserved) return orders::answer(response, reserved.error());
  response.set_header("Location", "/reservations/" + std::to_string(id));
  orders::answer(response, 201, "{\"id\":" + std::to_string(id) + "}");
}

void Inventory::release(const httplib::Request& request, httplib::Response& response) {
  const std::string digits = request.matches[1].str();  // At most 18 of them: it fits.
  std::int64_t id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id);
  bool known = false;
  const Status released = database_->write([&](Connection& connection) -> Status {
    if (Status done = connection.execute(kGiveBack, {id}); !done) return done;
    return connection.execute(kForget, {id}, [&known](const Row&) { known = true; });
  });
  if (!released) return orders::answer(response, released.error());
  if (!known) return orders::answer(response, Error{ErrorCode::kNotFound, "there is no reservation " + digits});
  response.status = 204;
}

void Inventory::count(const httplib::Request& request, httplib::Response& response) {
  const std::string sku = request.matches[1].str();
  std::int64_t left = stock_;
  const Status counted =
      database_->reader()->execute(kCount, {std::string_view(sku)}, [&left](const Row& row) { left = row.integer(0); });
  if (!counted) return orders::answer(response, counted.error());
  orders::answer(response, 200, "{\"sku\":\"" + sku + "\",\"left\":" + std::to_string(left) + "}");
}

}  // namespace shop
