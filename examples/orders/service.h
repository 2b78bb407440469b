// Service: the HTTP interface of the orders service. Handlers run on the workers of the server, which the service must
// outlive.
#pragma once

#include <nanospan/result.h>

#include "examples/orders/http_server.h"
#include "examples/orders/order_store.h"
#include "examples/orders/payment.h"

namespace orders {

class Service {
 public:
  /// Adds its routes to `server`. `store` outlives the service.
  Service(HttpServer& server, OrderStore& store, PaymentOptions payment);

 private:
  void create(const httplib::Request& request, httplib::Response& response);
  void list(const httplib::Request& request, httplib::Response& response);
  void find(const httplib::Request& request, httplib::Response& response);

  OrderStore& store_;
  Payments payments_;
};

}  // namespace orders
