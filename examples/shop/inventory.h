// Inventory: how many pieces of each article are left, and what is reserved, in SQLite. Handlers run on the workers of
// the server, which it must outlive.
//
//   POST /reservations {"items":[{"sku":"TEA-1","quantity":2}]}   201 with its Location; 409: too few are left
//   DELETE /reservations/{id}                                      204: they are back; 404
//   GET /stock/{sku}                                               {"sku":"TEA-1","left":998}
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "examples/orders/database.h"
#include "examples/orders/http_server.h"

namespace shop {

class Inventory {
 public:
  /// Adds its routes to `server`. Opens or creates the database file; an article has `stock` pieces at first.
  static nanospan::Result<std::unique_ptr<Inventory>> open(orders::HttpServer& server, const std::string& path,
                                                           std::int64_t stock);

 private:
  Inventory(std::unique_ptr<orders::Database> database, std::int64_t stock)
      : database_(std::move(database)), stock_(stock) {}
  void reserve(const httplib::Request& request, httplib::Response& response);
  void release(const httplib::Request& request, httplib::Response& response);
  void count(const httplib::Request& request, httplib::Response& response);

  std::unique_ptr<orders::Database> database_;
  std::int64_t stock_;
};

}  // namespace shop
