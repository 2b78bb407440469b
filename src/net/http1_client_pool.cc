// An idle connection serves the oldest request that waits; a new one is opened where there is none. Threads: see the
// header.
#include "net/http1_client_pool.h"

#include <algorithm>

#include "net/http1_writer.h"

namespace nanospan::net {
Http1ClientPool::Http1ClientPool(EventLoop& loop, Http1ClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      forwarded_(options_.proxy && !options_.origin.https && options_.origin.socket.empty()),
      route_(route_to(options_.origin, options_.proxy ? &*options_.proxy : nullptr, !forwarded_)),
      resolver_(loop, options_.lookup ? options_.lookup : &Resolver::system_lookup) {}

Http1Client::RequestId Http1ClientPool::send(HttpRequest request, OnDone done) {
  const Entry entry(*this, Entry::From::kUser);
  const RequestId id = ++last_id_;
  auto& exchange = *(exchanges_[id] = std::make_unique<Exchange>(loop_, [this, id] { on_deadline(id); }));
  exchange.id = id;
  exchange.request = std::move(request);
  exchange.done = std::move(done);
  ++counters_.requests;

  std::uint64_t body_bytes = 0;
  for (const std::string_view slice : exchange.request.body) body_bytes += slice.size();
  const std::string authority =
      exchange.request.authority.empty() ? options_.origin.authority() : exchange.request.authority;
  if (forwarded_ && !options_.proxy->authorization.empty()) {
    exchange.request.headers.push_back({"Proxy-Authorization", options_.proxy->authorization});
  }
  Result<std::string> head =
      request_head(exchange.request.method, exchange.request.target, authority, exchange.request.headers, body_bytes);
  if (!head.ok()) {
    fail(exchange, HttpFailure::kInvalidRequest, head.error().message, false);
    return id;
  }
  exchange.head = std::move(head).value();
  if (forwarded_) exchange.head.insert(exchange.request.method.size() + 1, "http://" + authority);
  exchange.deadline.arm(exchange.request.deadline.at);
  queue_.push_back(id);
  serve_queue();
  if (queue_.size() > options_.queued_requests_max && queue_.back() == id) {
    queue_.pop_back();
    fail(exchange, HttpFailure::kQueueFull, "too many requests wait for a connection", false);
  }
  return id;
}

void Http1ClientPool::serve_queue() {
  while (!queue_.empty()) {
    Exchange& exchange = *exchanges_.at(queue_.front());
    if (ClientConnection* idle = idle_connection(exchange.repeated)) {
      queue_.pop_front();
      ++counters_.connections_reused;
      idle->take(exchange);
    } else if (ClientConnection* fresh = open_connection()) {
      queue_.pop_front();
      fresh->open(exchange);
    } else {
      return;
    }
  }
}

/// The most recently used one, so that surplus connections grow old and close. For a repeated request idle ones are
/// suspect.
ClientConnection* Http1ClientPool::idle_connection(bool fresh_only) {
  const auto found = std::find_if(connections_.rbegin(), connections_.rend(), [](const auto& c) { return c->idle(); });
  if (found == connections_.rend()) return nullptr;
  if (!fresh_only) return found->get();
  (*found)->close();
  return nullptr;
}

ClientConnection* Http1ClientPool::open_connection() {
  if (connections_.size() >= options_.connections_max) return nullptr;
  connections_.push_back(std::make_unique<ClientConnection>(*this));
  return connections_.back().get();
}

void Http1ClientPool::discard(ClientConnection& connection) {
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&connection](const auto& c) { return c.get() == &connection; });
  closed_.push_back(std::move(*found));
  connections_.erase(found);
}

void Http1ClientPool::succeed(Exchange& exchange, Response response) {
  ++counters_.responses;
  finish(exchange, HttpResult(std::move(response)));
}

void Http1ClientPool::fail(Exchange& exchange, HttpFailure failure, std::string_view what, bool may_have_arrived) {
  ++counters_.failures;
  finish(exchange,
         HttpError{failure,
                   Error{error_code_for(failure), options_.origin.origin() + route_.via + ": " + std::string(what)},
                   may_have_arrived || exchange.may_have_arrived});
}

void Http1ClientPool::finish(Exchange& exchange, HttpResult result) {
  finished_.push_back({std::move(exchange.done), std::move(result), std::move(exchange.request.body_owner)});
  exchanges_.erase(exchange.id);
}

void Http1ClientPool::repeat(Exchange& exchange) {
  ++counters_.repeated;
  exchange.repeated = true;
  exchange.connection = nullptr;
  queue_.push_front(exchange.id);
}

void Http1ClientPool::on_deadline(RequestId id) {
  const Entry entry(*this, Entry::From::kLoop);
  Exchange& exchange = *exchanges_.at(id);
  ClientConnection* const connection = exchange.connection;
  if (connection == nullptr) {
    std::erase(queue_, id);
    return fail(exchange, HttpFailure::kConnectTimeout, "deadline passed while waiting for a free connection", false);
  }
  const HttpFailure failure = connection->timeout_failure();
  const bool sent = connection->request_sent();
  constexpr std::string_view kWhat = "deadline passed ";
  const std::string_view phase = failure == HttpFailure::kSendTimeout       ? "while sending the request"
                                 : failure == HttpFailure::kResponseTimeout ? "while waiting for the response"
                                                                            : connection->opening_phase();
  connection->close();
  fail(exchange, failure, std::string(kWhat) + std::string(phase), sent);
}

void Http1ClientPool::cancel(RequestId id) {
  const Entry entry(*this, Entry::From::kUser);
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  Exchange& exchange = *found->second;
  std::erase(queue_, id);
  ClientConnection* const connection = exchange.connection;
  const bool sent = connection != nullptr && connection->request_sent();
  if (connection != nullptr) connection->close();
  fail(exchange, HttpFailure::kCancelled, "cancelled", sent);
}

void Http1ClientPool::cancel_all() {
  const Entry entry(*this, Entry::From::kUser);
  std::vector<RequestId> ids;
  for (const auto& [id, exchange] : exchanges_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const RequestId id : ids) cancel(id);
  while (!connections_.empty()) connections_.back()->close();
}

void Http1ClientPool::drop_everything() {
  const Entry entry(*this, Entry::From::kUser);
  queue_.clear();
  const auto dropped = std::exchange(exchanges_, {});
  const auto unheard = std::exchange(finished_, {});
  while (!connections_.empty()) connections_.back()->close();
}

void Http1ClientPool::leave(Entry::From from) {
  ++depth_;  // connections that fail at once must not come back here
  serve_queue();
  --depth_;
  std::exchange(closed_, {}).clear();
  if (finished_.empty()) return;
  if (from == Entry::From::kLoop) return run_completions();
  loop_.post([weak = weak_from_this()] {
    if (const auto alive = weak.lock()) alive->run_completions();
  });
}

void Http1ClientPool::run_completions() {
  while (!finished_.empty()) {  // a completion may add to them, or drop them with the client
    Finished next = std::move(finished_.front());
    finished_.pop_front();
    if (next.done) next.done(std::move(next.result));
  }
}

}  // namespace nanospan::net
