// Http1ClientPool: the client's requests, its connections, and who gets which. Internal to the client.
//
// Completions may do anything, destroying the client included. So they run only when the outermost entry point (an
// event, a timer) is about to return: see Entry. Connections that closed meanwhile are destroyed then, too.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http1_client.h"
#include "net/http1_client_connection.h"
#include "net/resolver.h"

namespace nanospan::net {

/// A request on its way.
struct Exchange {
  Exchange(EventLoop& loop, UniqueFunction<void()> on_deadline) : deadline(loop, std::move(on_deadline)) {}

  Http1Client::RequestId id = 0;
  HttpRequest request;
  Http1Client::OnDone done;
  std::string head;
  Timer deadline;
  ClientConnection* connection = nullptr;  // null while it waits in the queue
  bool repeated = false;
  bool may_have_arrived = false;  // when it was sent for the first time
};

class Http1ClientPool : public std::enable_shared_from_this<Http1ClientPool> {
 public:
  using RequestId = Http1Client::RequestId;
  using OnDone = Http1Client::OnDone;

  Http1ClientPool(EventLoop& loop, Http1ClientOptions options);

  /// Brackets every call from outside; see the file comment.
  class Entry {
   public:
    enum class From { kUser, kLoop };  ///< Completions never run within the user's own call; they are posted instead.
    Entry(Http1ClientPool& pool, From from) : pool_(pool.shared_from_this()), from_(from) { ++pool_->depth_; }
    ~Entry() {
      if (--pool_->depth_ == 0) pool_->leave(from_);
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    const std::shared_ptr<Http1ClientPool> pool_;
    const From from_;
  };

  RequestId send(HttpRequest request, OnDone done);
  void cancel(RequestId id);
  void cancel_all();
  void drop_everything();
  std::size_t in_flight() const { return exchanges_.size(); }

  // For the connections.
  EventLoop& loop() { return loop_; }
  Resolver& resolver() { return resolver_; }
  const Http1ClientOptions& options() const { return options_; }
  const Route& route() const { return route_; }
  bool forwarded() const { return forwarded_; }
  std::span<char> scratch() { return {scratch_.get(), kScratchBytes}; }
  Http1Client::Counters& counters() { return counters_; }
  void succeed(Exchange& exchange, Response response);
  void fail(Exchange& exchange, HttpFailure failure, std::string_view what, bool may_have_arrived);
  /// The kept-alive connection turned out to be dead: once more, on a new one.
  void repeat(Exchange& exchange);
  /// The connection is closed; it is destroyed when nobody is inside of it any more.
  void discard(ClientConnection& connection);

 private:
  static constexpr std::size_t kScratchBytes = 64u << 10;

  struct Finished {
    OnDone done;
    HttpResult result;
    std::shared_ptr<const void> body_owner;  // kept until the completion ran
  };

  void on_deadline(RequestId id);
  void serve_queue();
  void finish(Exchange& exchange, HttpResult result);
  ClientConnection* idle_connection(bool fresh_only);
  ClientConnection* open_connection();
  void leave(Entry::From from);
  void run_completions();

  EventLoop& loop_;
  const Http1ClientOptions options_;
  const bool forwarded_;  // by a proxy that is sent whole URLs
  const Route route_;
  Resolver resolver_;
  // Not cleared: of a client that receives little, little becomes resident.
  const std::unique_ptr<char[]> scratch_ = std::make_unique_for_overwrite<char[]>(kScratchBytes);
  Http1Client::Counters counters_;
  std::unordered_map<RequestId, std::unique_ptr<Exchange>> exchanges_;
  std::deque<RequestId> queue_;
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  std::vector<std::unique_ptr<ClientConnection>> closed_;
  std::list<Finished> finished_;  // not a deque, which asks for memory where an empty one is made
  RequestId last_id_ = 0;
  int depth_ = 0;
};

}  // namespace nanospan::net
