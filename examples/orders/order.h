// Order: what a customer ordered; read from and written as JSON. Plain values.
//
//   {"customer": "ann", "items": [{"sku": "TEA-1", "quantity": 2, "unit_price_cents": 450}]}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/result.h>

namespace orders {

struct OrderItem {
  std::string sku;
  std::int64_t quantity = 0;
  std::int64_t unit_price_cents = 0;
};

struct Order {
  std::int64_t id = 0;  ///< Given by the store.
  std::string customer;
  std::vector<OrderItem> items;
  std::int64_t total_cents = 0;
  std::string status = "new";  ///< new, paid or payment_failed.
  std::string created_at;      ///< UTC, given by the store.
};

inline constexpr std::size_t kItemsMax = 50;
inline constexpr std::int64_t kQuantityMax = 1000;
inline constexpr std::int64_t kUnitPriceCentsMax = 100'000'000;

/// An order from a request's body. kMalformed if it is not JSON, kInvalidArgument if it is not an order; the message
/// says which field is wrong and what it may be.
nanospan::Result<Order> parse_order(std::string_view body);

/// With its items, if it has any here.
std::string to_json(const Order& order);
std::string to_json(const std::vector<Order>& orders);

}  // namespace orders
