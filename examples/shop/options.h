// Options: the command line of the shop's services. A plain value.
//
//                       ┌─► inventory (:8081, stock and reservations in SQLite)
//   clients ─► front ───┤
//              (:8080)  └─► orders (:8082, examples/orders) ─► payment (:8083, charges in SQLite)
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/result.h>

#include "examples/orders/process.h"

namespace shop {

enum class Role : std::uint8_t { kFront, kInventory, kPayment };

struct Options {
  Role role = Role::kFront;
  orders::ProcessOptions process = {};
  std::size_t threads = 128;  ///< Workers. cpp-httplib keeps one on each open connection: have more than clients.
  bool help = false;

  std::string inventory_url = "http://127.0.0.1:8081";  ///< Of the front.
  std::string orders_url = "http://127.0.0.1:8082";     ///< Of the front.

  std::string database = {};           ///< Of inventory and payment; made if it is not there. "" = ROLE.db.
  std::int64_t stock = 1'000'000'000;  ///< Of inventory: pieces there are of an article that nobody has asked for yet.
  double failure_share = 0.01;         ///< Of payment: orders whose charge is refused, 0 to 1.
  std::chrono::milliseconds delay{2};  ///< Of payment: how long the bank takes.
};

/// The first word is the role. The error names the argument and what it may be.
nanospan::Result<Options> parse_options(const std::vector<std::string_view>& words);
std::string_view usage();

}  // namespace shop
