// Settings of the server, and errors as answers.
#include "examples/orders/http_server.h"

#include <nanospan/adapters/httplib.h>

#include <limits>
#include <memory>

#include "examples/orders/json.h"

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kMalformed:
      return 400;
    case ErrorCode::kInvalidArgument:
      return 422;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kResourceExhausted:
      return 409;  // Out of stock.
    case ErrorCode::kUnavailable:
      return 502;  // It is a service that we ask which is not available.
    default:
      return 500;
  }
}

}  // namespace

HttpServer::HttpServer(std::size_t threads) {
  new_task_queue = [threads] {
    return std::make_unique<httplib::ThreadPool>(threads).release();  // The server deletes it.
  };
  set_tcp_nodelay(true);
  // cpp-httplib would set SO_REUSEPORT, with which a second service takes the same port and half of the requests.
  set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  set_keep_alive_max_count(std::numeric_limits<int>::max());
  set_keep_alive_timeout(kKeepAliveSeconds);
  set_payload_max_length(kBodyBytesMax);

  nanospan::adapters::trace(*this, {.logger = [this](const httplib::Request&, const httplib::Response&) {
    requests_.fetch_add(1, std::memory_order_relaxed);
  }});
}

nanospan::Result<int> HttpServer::bind(const std::string& address, int port) {
  const int wanted = port;
  const bool bound = port != 0 ? bind_to_port(address, port) : (port = bind_to_any_port(address)) > 0;
  if (!bound || !widen_backlog()) {
    return Error{ErrorCode::kSystem, "cannot listen on " + address + ":" + std::to_string(wanted) +
                                         ": the port is taken, or the address is not of this machine"};
  }
  return port;
}

void answer(httplib::Response& response, int status, const std::string& json) {
  response.status = status;
  response.set_content(json, "application/json");
}

void answer(httplib::Response& response, const Error& error) {
  std::string json = "{\"error\":";
  append_json_string(json, error.message);
  answer(response, status_of(error.code), json += '}');
}

}  // namespace orders
