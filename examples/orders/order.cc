// Validation and JSON of orders. One thread each.
#include "examples/orders/order.h"

#include <algorithm>

#include "examples/orders/json.h"

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;

constexpr std::size_t kCustomerBytesMax = 100;
constexpr std::size_t kSkuBytesMax = 40;

Error invalid(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

bool is_sku(std::string_view text) {
  return !text.empty() && text.size() <= kSkuBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// The first member that is not among `known`, or null: a misspelt field is better refused than lost.
const std::string* unknown_member(const Json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.members) {
    if (std::find(known.begin(), known.end(), name) == known.end()) return &name;
  }
  return nullptr;
}

const Json* typed(const Json& object, std::string_view name, Json::Kind kind) {
  const Json* value = object.member(name);
  return value != nullptr && value->kind == kind ? value : nullptr;
}

Result<OrderItem> parse_item(const Json& json, const std::string& where) {
  if (json.kind != Json::Kind::kObject) return invalid(where + " must be an object");
  if (const std::string* name = unknown_member(json, {"sku", "quantity", "unit_price_cents"})) {
    return invalid(where + ": unknown field \"" + *name + "\"");
  }
  const Json* sku = typed(json, "sku", Json::Kind::kString);
  const Json* quantity = typed(json, "quantity", Json::Kind::kInteger);
  const Json* price = typed(json, "unit_price_cents", Json::Kind::kInteger);
  if (sku == nullptr || !is_sku(sku->text)) {
    return invalid(where + ".sku must be 1 to 40 letters, digits and dashes");
  }
  if (quantity == nullptr || quantity->integer < 1 || quantity->integer > kQuantityMax) {
    return invalid(where + ".quantity must be an integer from 1 to " + std::to_string(kQuantityMax));
  }
  if (price == nullptr || price->integer < 0 || price->integer > kUnitPriceCentsMax) {
    return invalid(where + ".unit_price_cents must be an integer from 0 to " + std::to_string(kUnitPriceCentsMax));
  }
  return OrderItem{sku->text, quantity->integer, price->integer};
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, value);
}
void append_field(std::string& out, std::string_view name, std::int64_t value) {
  out.append(",\"").append(name).append("\":").append(std::to_string(value));
}

}  // namespace

Result<Order> parse_order(std::string_view body) {
  Result<Json> parsed = Json::parse(body);
  if (!parsed) return parsed.error();
  const Json& json = *parsed;
  if (json.kind != Json::Kind::kObject) return invalid("an order must be an object");
  if (const std::string* name = unknown_member(json, {"customer", "items"})) {
    return invalid("unknown field \"" + *name + "\"");
  }
  const Json* customer = typed(json, "customer", Json::Kind::kString);
  const Json* items = typed(json, "items", Json::Kind::kArray);
  if (customer == nullptr || customer->text.empty() || customer->text.size() > kCustomerBytesMax) {
    return invalid("customer must be a string of 1 to 100 bytes");
  }
  if (items == nullptr || items->elements.empty() || items->elements.size() > kItemsMax) {
    return invalid("items must be an array of 1 to " + std::to_string(kItemsMax) + " items");
  }
  Order order;
  order.customer = customer->text;
  for (std::size_t i = 0; i < items->elements.size(); ++i) {
    Result<OrderItem> item = parse_item(items->elements[i], "items[" + std::to_string(i) + "]");
    if (!item) return item.error();
    order.total_cents += item->quantity * item->unit_price_cents;  // at most 50 * 1000 * 1e8: no overflow
    order.items.push_back(std::move(*item));
  }
  return order;
}

std::string to_json(const Order& order) {
  std::string out = "{\"id\":" + std::to_string(order.id);
  append_field(out, "customer", order.customer);
  append_field(out, "status", order.status);
  append_field(out, "total_cents", order.total_cents);
  append_field(out, "created_at", order.created_at);
  if (!order.items.empty()) {
    out += ",\"items\":[";
    for (const OrderItem& item : order.items) {
      out += out.back() == '[' ? "{\"sku\":" : ",{\"sku\":";
      append_json_string(out, item.sku);
      append_field(out, "quantity", item.quantity);
      append_field(out, "unit_price_cents", item.unit_price_cents);
      out += '}';
    }
    out += ']';
  }
  return out += '}';
}

std::string to_json(const std::vector<Order>& orders) {
  std::string out = "{\"orders\":[";
  for (const Order& order : orders) {
    if (out.back() != '[') out += ',';
    out += to_json(order);
  }
  return out += "]}";
}

}  // namespace orders
