// Peer: another service of the shop, asked over HTTP with the W3C context in the headers. Thread-safe: each worker
// thread has a client, and with it a kept-alive connection, of its own.
#pragma once

#include <httplib.h>

#include <string>

#include <nanospan/result.h>

namespace shop {

class Peer {
 public:
  /// `name` is what errors call it.
  Peer(std::string name, std::string url) : name_(std::move(name)), url_(std::move(url)) {}

  /// The answer, whatever its status; kUnavailable if there is none. `route` is the path as people write it.
  nanospan::Result<httplib::Response> ask(const std::string& method, const std::string& path, const std::string& route,
                                          std::string body = {}) const;

 private:
  std::string name_;
  std::string url_;
};

}  // namespace shop
