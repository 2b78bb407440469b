// The service's SQL, all of it.
#include "examples/orders/order_store.h"

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;
using nanospan::Status;

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, status TEXT NOT NULL,"
    " total_cents INTEGER NOT NULL, created_at TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS order_items (order_id INTEGER NOT NULL REFERENCES orders(id), position INTEGER NOT "
    "NULL,"
    " sku TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL,"
    " PRIMARY KEY (order_id, position)) WITHOUT ROWID";

constexpr Sql kInsertOrder{"INSERT", "orders", "INSERT orders",
                           "INSERT INTO orders (customer, status, total_cents, created_at)"
                           " VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')) RETURNING id, created_at"};
constexpr Sql kInsertItem{"INSERT", "order_items", "INSERT order_items",
                          "INSERT INTO order_items (order_id, position, sku, quantity, unit_price_cents)"
                          " VALUES (?, ?, ?, ?, ?)"};
constexpr Sql kSetStatus{"UPDATE", "orders", "UPDATE orders", "UPDATE orders SET status = ? WHERE id = ?"};
constexpr Sql kSelectOrder{"SELECT", "orders", "SELECT orders",
                           "SELECT id, customer, status, total_cents, created_at FROM orders WHERE id = ?"};
constexpr Sql kSelectItems{
    "SELECT", "order_items", "SELECT order_items",
    "SELECT sku, quantity, unit_price_cents FROM order_items WHERE order_id = ? ORDER BY position"};
constexpr Sql kSelectNewest{
    "SELECT", "orders", "SELECT orders",
    "SELECT id, customer, status, total_cents, created_at FROM orders ORDER BY id DESC LIMIT ?"};

Order order_of(const Row& row) {
  Order order;
  order.id = row.integer(0);
  order.customer = row.text(1);
  order.status = row.text(2);
  order.total_cents = row.integer(3);
  order.created_at = row.text(4);
  return order;
}

}  // namespace

Result<OrderStore> OrderStore::open(const std::string& path, std::size_t readers) {
  Result<std::unique_ptr<Database>> database = Database::open(path, readers);
  if (!database) return database.error();
  Status created = (*database)->prepare(kSchema);
  if (!created) return created.error();
  return OrderStore(std::move(*database));
}

Status OrderStore::insert(Order& order) {
  return database_->write([&](Connection& connection) -> Status {
    Status inserted = connection.execute(
        kInsertOrder, {std::string_view(order.customer), std::string_view(order.status), order.total_cents},
        [&](const Row& row) {
          order.id = row.integer(0);
          order.created_at = row.text(1);
        });
    if (!inserted) return inserted;
    std::vector<std::vector<Value>> rows;
    for (const OrderItem& item : order.items) {
      const auto position = static_cast<std::int64_t>(rows.size());
      rows.push_back({order.id, position, std::string_view(item.sku), item.quantity, item.unit_price_cents});
    }
    return connection.execute_batch(kInsertItem, rows);
  });
}

Status OrderStore::set_status(std::int64_t id, std::string_view status) {
  return database_->write([&](Connection& connection) { return connection.execute(kSetStatus, {status, id}); });
}

Result<Order> OrderStore::find(std::int64_t id) {
  const Database::Lease connection = database_->reader();
  Order order;
  Status found = connection->execute(kSelectOrder, {id}, [&](const Row& row) { order = order_of(row); });
  if (!found) return found.error();
  if (order.id != id) return Error{ErrorCode::kNotFound, "there is no order " + std::to_string(id)};
  found = connection->execute(kSelectItems, {id}, [&](const Row& row) {
    order.items.push_back({row.text(0), row.integer(1), row.integer(2)});
  });
  if (!found) return found.error();
  return order;
}

Result<std::vector<Order>> OrderStore::newest(std::int64_t limit) {
  const Database::Lease connection = database_->reader();
  std::vector<Order> orders;
  Status found = connection->execute(kSelectNewest, {limit}, [&](const Row& row) { orders.push_back(order_of(row)); });
  if (!found) return found.error();
  return orders;
}

}  // namespace orders
