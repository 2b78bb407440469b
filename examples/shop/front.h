// Front: what customers talk to. It keeps nothing: it checks an order, has its articles reserved, and passes it on;
// where the order then fails, the articles go back. Handlers run on the workers of the server, which it must outlive.
#pragma once

#include "examples/orders/http_server.h"
#include "examples/shop/peer.h"

namespace shop {

class Front {
 public:
  /// Adds its routes to `server`.
  Front(orders::HttpServer& server, const std::string& inventory_url, const std::string& orders_url);

 private:
  void order(const httplib::Request& request, httplib::Response& response) const;
  void pass_on(const httplib::Request& request, httplib::Response& response, const char* route) const;

  Peer inventory_;
  Peer orders_;
};

}  // namespace shop
