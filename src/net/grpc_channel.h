// GrpcChannel: the client's calls. Internal to GrpcClient.
//
// Completions may do anything, destroying the client included, so they never run from within anything of ours: they are
// put aside and run by a timer that is due at once. Loop thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "net/grpc_balancer.h"
#include "net/grpc_client.h"
#include "net/grpc_connection.h"

namespace nanospan::net {

/// A call on its way.
struct GrpcCall {
  GrpcCall(EventLoop& loop, Task on_deadline) : deadline(loop, std::move(on_deadline)) {}

  GrpcClient::CallId id = 0;
  GrpcRequest request;
  GrpcClient::OnDone done;
  Timer deadline;
  GrpcConnection* connection = nullptr;  // null while it waits
  Http2Session::StreamId stream = 0;
  base::MonotonicNanos sent_at = 0;
  unsigned refused = 0;   // how often the peer did not process it
  bool repeated = false;  // see GrpcRequest::repeatable
};

class GrpcChannel : public std::enable_shared_from_this<GrpcChannel> {
 public:
  using CallId = GrpcClient::CallId;

  GrpcChannel(EventLoop& loop, GrpcClientOptions options);

  CallId call(GrpcRequest request, GrpcClient::OnDone done);
  void cancel(CallId id);
  void cancel_all();
  void drop_everything();
  std::size_t in_flight() const { return calls_.size(); }

  // For the balancer.
  const Route& route() const { return route_; }
  std::uint64_t jitter_bits();
  base::Deadline latest_deadline() const;  ///< Of the calls that wait.
  void fail_waiting(HttpFailure failure, std::string_view what);

  // For the connections.
  EventLoop& loop() { return loop_; }
  const GrpcClientOptions& options() const { return options_; }
  GrpcClient::Counters& counters() { return counters_; }
  std::span<char> scratch() { return scratch_; }
  std::uint64_t keepalive_nanos() const { return keepalive_nanos_; }
  void slow_keepalive();
  void answered(GrpcCall& call, GrpcReply reply);
  void failed(GrpcCall& call, HttpFailure failure, std::string_view what, bool may_have_arrived);
  /// The peer did not process it, or the connection was stale: once more.
  void again(GrpcCall& call);
  /// A stream is free, or the connection takes no more calls.
  void serve();
  void serve_soon();
  /// The connection is over and has no calls; destroys it.
  void discard(GrpcConnection& connection);

 private:
  struct Finished {
    GrpcClient::OnDone done;
    GrpcReply reply;
  };

  void on_deadline(CallId id);
  void finish(GrpcCall& call, GrpcReply reply);
  void run_completions();

  EventLoop& loop_;
  const GrpcClientOptions options_;
  const Route route_;
  std::vector<char> scratch_;
  GrpcClient::Counters counters_;
  std::unordered_map<CallId, std::unique_ptr<GrpcCall>> calls_;
  std::deque<CallId> waiting_;
  std::deque<Finished> finished_;
  Timer completions_;
  Timer serve_timer_;
  CallId last_id_ = 0;
  std::uint64_t keepalive_nanos_;
  std::uint64_t random_state_;
  GrpcBalancer balancer_;
};

}  // namespace nanospan::net
