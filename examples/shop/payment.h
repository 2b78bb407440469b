// Payment: charges orders, and keeps what it charged in SQLite. Refuses the fixed share of orders for which
// orders::payment_fails(), so that traces with errors are there to look at. Handlers run on the workers of the server,
// which it must outlive.
//
//   POST /charges {"order":7,"cents":990}   201; 503: refused
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "examples/orders/database.h"
#include "examples/orders/http_server.h"

namespace shop {

class Payment {
 public:
  /// Adds its route to `server`. Opens or creates the database file.
  static nanospan::Result<std::unique_ptr<Payment>> open(orders::HttpServer& server, const std::string& path,
                                                         double failure_share, std::chrono::milliseconds delay);

 private:
  Payment(std::unique_ptr<orders::Database> database, double failure_share, std::chrono::milliseconds delay)
      : database_(std::move(database)), failure_share_(failure_share), delay_(delay) {}
  void charge(const httplib::Request& request, httplib::Response& response);

  std::unique_ptr<orders::Database> database_;
  double failure_share_;
  std::chrono::milliseconds delay_;
};

}  // namespace shop
