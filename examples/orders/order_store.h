// OrderStore: orders in SQLite. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nanospan/result.h>

#include "examples/orders/database.h"
#include "examples/orders/order.h"

namespace orders {

class OrderStore {
 public:
  /// Opens or creates the database file and its tables.
  static nanospan::Result<OrderStore> open(const std::string& path, std::size_t readers);

  /// Keeps a new order with its items, and sets its id and time.
  nanospan::Status insert(Order& order);
  nanospan::Status set_status(std::int64_t id, std::string_view status);
  /// With its items; kNotFound if there is none.
  nanospan::Result<Order> find(std::int64_t id);
  /// The newest orders, without their items.
  nanospan::Result<std::vector<Order>> newest(std::int64_t limit);

 private:
  explicit OrderStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  std::unique_ptr<Database> database_;
};

}  // namespace orders
