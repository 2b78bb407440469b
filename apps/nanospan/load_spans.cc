// What the spans hold. Key names are the semantic conventions'.
#include "apps/nanospan/load_spans.h"

#include <array>
#include <cstring>
#include <random>
#include <string_view>
#include <utility>

#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::app {
namespace {

namespace otlp = wire::otlp;
using wire::Appender;

constexpr std::size_t kSpansPerTrace = 8;
constexpr unsigned kErrorPercent = 2;

// Each kind of span comes from an instrumentation library of its own, as in a real service.
enum Kind : std::uint8_t { kServer, kClient, kDatabase, kMessaging, kInternal, kKinds };
constexpr std::array<Kind, kSpansPerTrace> kTrace = {kServer,   kInternal, kDatabase, kDatabase,
                                                     kInternal, kClient,   kDatabase, kMessaging};
constexpr std::array<std::uint32_t, kSpansPerTrace> kParent = {0, 0, 1, 1, 0, 4, 4, 0};  // within the trace
constexpr std::array<std::string_view, kKinds> kScopes = {"io.opentelemetry.http.server",
                                                          "io.opentelemetry.http.client", "io.opentelemetry.jdbc",
                                                          "io.opentelemetry.kafka-clients", "com.example.shop.orders"};
constexpr std::array<otlp::SpanKind, kKinds> kSpanKinds = {otlp::SpanKind::kServer, otlp::SpanKind::kClient,
                                                           otlp::SpanKind::kClient, otlp::SpanKind::kProducer,
                                                           otlp::SpanKind::kInternal};

constexpr std::array<std::string_view, 6> kRoutes = {"/api/v1/orders/{id}",        "/api/v1/orders",
                                                     "/api/v1/customers/{id}",     "/api/v1/carts/{id}/items",
                                                     "/api/v1/payments/{id}/void", "/api/v1/search"};
constexpr std::array<std::string_view, 4> kMethods = {"GET", "GET", "POST", "PUT"};
constexpr std::array<std::string_view, 5> kAgents = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "okhttp/4.12.0", "ShopApp/7.3.1 (Android 15; Pixel 9)", "python-requests/2.32.3"};
constexpr std::array<std::string_view, 5> kTables = {"orders", "order_items", "customers", "payments", "inventory"};
constexpr std::array<std::string_view, 5> kFunctions = {
    "com.example.shop.orders.OrderService.priceItems", "com.example.shop.orders.OrderService.reserveStock",
    "com.example.shop.tax.TaxCalculator.apply", "com.example.shop.cart.CartRepository.merge",
    "com.example.shop.payments.RiskCheck.score"};
constexpr std::string_view kStack =
    "java.sql.SQLTransientConnectionException: pool-1 - Connection is not available, request timed out after 30000ms\n"
    "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)\n"
    "\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:181)\n"
    "\tat com.example.shop.cart.CartRepository.merge(CartRepository.java:88)";

void put_id(std::string& bytes, std::size_t at, std::uint64_t id) { std::memcpy(bytes.data() + at, &id, sizeof id); }

}  // namespace

/// Writes one request, field by field.
class SpanRequestMaker {
 public:
  SpanRequestMaker(std::uint64_t seed, base::UnixNanos now) : random_(seed), now_(now) {}

  SpanRequest make(std::size_t spans, std::uint64_t trace_id_high) {
    std::array<std::string, kKinds> scopes;
    std::array<std::vector<SpanRequest::Place>, kKinds> places;
    for (std::size_t i = 0; i < spans; ++i) {
      const auto step = static_cast<std::uint32_t>(i % kSpansPerTrace);
      const Kind kind = kTrace[step];
      SpanRequest::Place place{};
      place.span = static_cast<std::uint32_t>(i);
      place.trace = static_cast<std::uint32_t>(i / kSpansPerTrace);
      place.parent = place.span - step + kParent[step];
      const std::string span = make_span(kind, trace_id_high, step != 0, place);
      Appender(scopes[kind]).bytes_field(otlp::ScopeSpans::kSpans, span);
      move(place, scopes[kind].size() - span.size());
      places[kind].push_back(place);
    }
    SpanRequest request;
    std::string resource_spans = resource();
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      if (places[kind].empty()) continue;
      std::string scope, scope_spans;
      Appender(scope).bytes_field(otlp::InstrumentationScope::kName, kScopes[kind]);
      Appender(scope).bytes_field(otlp::InstrumentationScope::kVersion, "2.11.0");
      Appender(scope_spans).bytes_field(otlp::ScopeSpans::kScope, scope);
      const std::size_t before = scope_spans.size();
      scope_spans += scopes[kind];
      Appender(resource_spans).bytes_field(otlp::ResourceSpans::kScopeSpans, scope_spans);
      for (SpanRequest::Place place : places[kind]) {
        move(place, resource_spans.size() - scope_spans.size() + before);
        request.places_.push_back(place);
      }
    }
    Appender(request.bytes_).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource_spans);
    for (SpanRequest::Place& place : request.places_) move(place, request.bytes_.size() - resource_spans.size());
    return request;
  }

 private:
  static void move(SpanRequest::Place& place, std::size_t by) {
    const auto distance = static_cast<std::uint32_t>(by);
    place.trace_id += distance;
    place.span_id += distance;
    if (place.parent_id != 0) place.parent_id += distance;
  }

  std::string resource() {
    std::string attributes, out;
    add(attributes, otlp::Resource::kAttributes, "service.name", "orders");
    add(attributes, otlp::Resource::kAttributes, "service.namespace", "shop");
    add(attributes, otlp::Resource::kAttributes, "service.version", "7.3.1");
    add(attributes, otlp::Resource::kAttributes, "service.instance.id", hex(32));
    add(attributes, otlp::Resource::kAttributes, "deployment.environment.name", "production");
    add(attributes, otlp::Resource::kAttributes, "host.name", "ip-10-0-" + number(256) + "-" + number(256));
    add(attributes, otlp::Resource::kAttributes, "k8s.pod.name", "orders-7d9f8b6c5-" + hex(5));
    add(attributes, otlp::Resource::kAttributes, "container.id", hex(64));
    add(attributes, otlp::Resource::kAttributes, "telemetry.sdk.language", "java");
    Appender(out).bytes_field(otlp::ResourceSpans::kResource, attributes);
    return out;
  }

  /// The offsets in `place` are set relative to the span.
  std::string make_span(Kind kind, std::uint64_t trace_id_high, bool has_parent, SpanRequest::Place& place) {
    constexpr std::uint32_t kRootFlags = otlp::kFlagsHasIsRemote | 1, kChildFlags = kRootFlags;
    std::string span;
    Appender to(span);
    std::string trace_id(otlp::kTraceIdBytes, '\0');
    put_id(trace_id, 0, trace_id_high);
    to.bytes_field(otlp::Span::kTraceId, trace_id);
    place.trace_id = static_cast<std::uint32_t>(span.size() - sizeof(std::uint64_t));
    to.bytes_field(otlp::Span::kSpanId, std::string(otlp::kSpanIdBytes, '\0'));
    place.span_id = static_cast<std::uint32_t>(span.size() - otlp::kSpanIdBytes);
    if (has_parent) {
      to.bytes_field(otlp::Span::kParentSpanId, std::string(otlp::kSpanIdBytes, '\0'));
      place.parent_id = static_cast<std::uint32_t>(span.size() - otlp::kSpanIdBytes);
    }
    to.fixed32_field(otlp::Span::kFlags, has_parent ? kChildFlags : kRootFlags);
    to.varint_field(otlp::Span::kKind, static_cast<std::uint64_t>(kSpanKinds[kind]));
    const std::uint64_t start = now_ - 1'000'000 * below(5'000) - below(1'000'000);
    to.fixed64_field(otlp::Span::kStartTimeUnixNano, start);
    to.fixed64_field(otlp::Span::kEndTimeUnixNano, start + 40'000 + below(60'000'000));
    switch (kind) {
      case kServer:
        server(span);
        break;
      case kClient:
        client(span);
        break;
      case kDatabase:
        database(span);
        break;
      case kMessaging:
        messaging(span);
        break;
      default:
        internal(span);
        break;
    }
    thread(span);
    if (below(100) < kErrorPercent) error(span, start);
    return span;
  }

  void server(std::string& span) {
    const std::string method(pick(kMethods));
    const std::string route(pick(kRoutes));
    name(span, method + " " + route);
    attribute(span, "http.request.method", method);
    attribute(span, "http.route", route);
    attribute(span, "url.path", route.substr(0, route.find('{')) + hex(24));
    attribute(span, "url.query", "page=" + number(50) + "&limit=20&sort=created_at&trace=" + hex(8));
    attribute(span, "url.scheme", "https");
    attribute(span, "server.address", "shop.example.com");
    attribute(span, "server.port", 443);
    attribute(span, "network.peer.address", "10.0." + number(256) + "." + number(256));
    attribute(span, "network.protocol.version", "1.1");
    attribute(span, "user_agent.original", pick(kAgents));
    attribute(span, "http.response.status_code", below(50) == 0 ? 404 : 200);
    attribute(span, "enduser.id", "customer-" + number(1'000'000));
    attribute(span, "session.id", hex(16));
  }
  void client(std::string& span) {
    const std::string host = std::string(pick(kTables)) + ".internal.example.com";
    name(span, "POST");
    attribute(span, "http.request.method", "POST");
    attribute(span, "url.full", "http://" + host + ":8080/internal/v2/" + std::string(pick(kTables)) + "/" + hex(24));
    attribute(span, "server.address", host);
    attribute(span, "server.port", 8080);
    attribute(span, "network.peer.address", "10.1." + number(256) + "." + number(256));
    attribute(span, "network.peer.port", 8080);
    attribute(span, "http.response.status_code", 200);
    attribute(span, "http.request.body.size", static_cast<std::int64_t>(below(20'000)));
    attribute(span, "http.response.body.size", static_cast<std::int64_t>(below(200'000)));
    attribute(span, "user_agent.original", "Apache-HttpClient/5.4.1 (Java/21.0.5)");
    attribute(span, "peer.service", pick(kTables));
  }
  void database(std::string& span) {
    const std::string table(pick(kTables));
    name(span, "SELECT shop." + table);
    attribute(span, "db.system.name", "postgresql");
    attribute(span, "db.namespace", "shop");
    attribute(span, "db.operation.name", "SELECT");
    attribute(span, "db.collection.name", table);
    attribute(span, "db.query.text",
              "SELECT t.id, t.customer_id, t.status, t.total_cents, t.currency, t.created_at, t.updated_at FROM " +
                  table + " t JOIN customers c ON c.id = t.customer_id WHERE t.customer_id = $1 AND t.status IN ($2, " +
                  "$3) AND t.created_at > $4 ORDER BY t.created_at DESC LIMIT " + number(100));
    attribute(span, "db.query.parameter.0", hex(16));
    attribute(span, "db.response.returned_rows", static_cast<std::int64_t>(below(100)));
    attribute(span, "server.address", "pg-primary-" + number(8) + ".db.internal.example.com");
    attribute(span, "server.port", 5432);
    attribute(span, "network.peer.address", "10.2." + number(256) + "." + number(256));
  }
  void messaging(std::string& span) {
    name(span, "send order.events");
    attribute(span, "messaging.system", "kafka");
    attribute(span, "messaging.operation.name", "send");
    attribute(span, "messaging.operation.type", "send");
    attribute(span, "messaging.destination.name", "order.events.v3");
    attribute(span, "messaging.destination.partition.id", number(64));
    attribute(span, "messaging.client.id", "orders-producer-" + number(32));
    attribute(span, "messaging.message.id", hex(32));
    attribute(span, "messaging.kafka.message.key", "customer-" + number(1'000'000));
    attribute(span, "messaging.kafka.offset", static_cast<std::int64_t>(below(1'000'000'000)));
    attribute(span, "messaging.message.body.size", static_cast<std::int64_t>(below(4'000)));
    attribute(span, "server.address", "kafka-" + number(9) + ".internal.example.com");
    attribute(span, "server.port", 9092);
  }
  void internal(std::string& span) {
    const std::string_view function = pick(kFunctions);
    name(span, function.substr(function.rfind('.', function.rfind('.') - 1) + 1));
    attribute(span, "code.function.name", function);
    attribute(span, "code.file.path", "src/main/java/com/example/shop/" + std::string(pick(kTables)) + ".java");
    attribute(span, "code.line.number", static_cast<std::int64_t>(below(900)));
    attribute(span, "shop.cart.id", hex(24));
    attribute(span, "shop.cart.items", static_cast<std::int64_t>(below(40)));
    attribute(span, "shop.currency", "EUR");
    attribute(span, "shop.region", "eu-central-1");
    attribute(span, "shop.feature_flags", "new-checkout,express-pay,loyalty-v2,dark-mode");
    attribute(span, "shop.customer.tier", below(4) == 0 ? "gold" : "standard");
    add(span, otlp::Span::kAttributes, "shop.total", [&](std::string& any) {
      Appender(any).double_field(otlp::AnyValue::kDoubleValue, static_cast<double>(below(1'000'000)) / 100);
    });
    add(span, otlp::Span::kAttributes, "shop.cache.hit",
        [&](std::string& any) { Appender(any).varint_field(otlp::AnyValue::kBoolValue, below(2)); });
  }
  void thread(std::string& span) {
    attribute(span, "thread.id", static_cast<std::int64_t>(below(400)));
    attribute(span, "thread.name", "http-nio-8080-exec-" + number(200));
    attribute(span, "shop.request.id", hex(32));
    attribute(span, "shop.idempotency.key", hex(24));
    attribute(span, "cloud.availability_zone", "eu-central-1" + std::string(1, static_cast<char>('a' + below(3))));
  }
  void error(std::string& span, std::uint64_t at) {
    std::string event, status;
    Appender(event).fixed64_field(otlp::SpanEvent::kTimeUnixNano, at + 30'000);
    Appender(event).bytes_field(otlp::SpanEvent::kName, "exception");
    add(event, otlp::SpanEvent::kAttributes, "exception.type", "java.sql.SQLTransientConnectionException");
    add(event, otlp::SpanEvent::kAttributes, "exception.stacktrace", kStack);
    Appender(span).bytes_field(otlp::Span::kEvents, event);
    Appender(status).bytes_field(otlp::SpanStatus::kMessage, "Connection is not available");
    Appender(status).varint_field(otlp::SpanStatus::kCode, static_cast<std::uint64_t>(otlp::StatusCode::kError));
    Appender(span).bytes_field(otlp::Span::kStatus, status);
  }

  static void name(std::string& span, std::string_view text) { Appender(span).bytes_field(otlp::Span::kName, text); }
  static void attribute(std::string& span, std::string_view key, std::string_view value) {
    add(span, otlp::Span::kAttributes, key, value);
  }
  static void attribute(std::string& span, std::string_view key, std::int64_t value) {
    add(span, otlp::Span::kAttributes, key, [&](std::string& any) {
      Appender(any).varint_field(otlp::AnyValue::kIntValue, static_cast<std::uint64_t>(value));
    });
  }
  static void attribute(std::string& span, std::string_view key, int value) {
    attribute(span, key, static_cast<std::int64_t>(value));
  }
  static void add(std::string& to, otlp::FieldNumber field, std::string_view key, std::string_view value) {
    add(to, field, key, [&](std::string& any) { Appender(any).bytes_field(otlp::AnyValue::kStringValue, value); });
  }
  template <class WriteValue>
  requires std::is_invocable_v<WriteValue, std::string&>
  static void add(std::string& to, otlp::FieldNumber field, std::string_view key, WriteValue&& write_value) {
    std::string any, pair;
    write_value(any);
    Appender(pair).bytes_field(otlp::KeyValue::kKey, key);
    Appender(pair).bytes_field(otlp::KeyValue::kValue, any);
    Appender(to).bytes_field(field, pair);
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::string number(std::uint64_t bound) { return std::to_string(below(bound)); }
  std::string hex(std::size_t digits) {
    std::string out(digits, '0');
    for (char& digit : out) digit = "0123456789abcdef"[below(16)];
    return out;
  }
  template <std::size_t N>
  std::string_view pick(const std::array<std::string_view, N>& from) {
    return from[below(N)];
  }

  std::mt19937_64 random_;
  const base::UnixNanos now_;
};

SpanRequest SpanRequest::make(std::size_t spans, std::uint64_t seed, const SpanIds& ids, base::UnixNanos now) {
  SpanRequest request = SpanRequestMaker(seed, now).make(spans, ids.trace_id_low(ids.key()));
  request.stamp(ids, 0);
  return request;
}

void SpanRequest::stamp(const SpanIds& ids, std::uint64_t number) {
  const std::uint64_t first = number * places_.size();
  const std::uint64_t first_trace = number * ((places_.size() + kSpansPerTrace - 1) / kSpansPerTrace);
  for (const Place& place : places_) {
    put_id(bytes_, place.trace_id, ids.trace_id_low(first_trace + place.trace));
    put_id(bytes_, place.span_id, ids.span_id(first + place.span));
    if (place.parent_id != 0) put_id(bytes_, place.parent_id, ids.span_id(first + place.parent));
  }
}

}  // namespace nanospan::app
