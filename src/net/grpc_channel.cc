// Calls wait in the order in which they came until a connection has room for them. Threads: see the header.
#include "net/grpc_channel.h"

#include <algorithm>

namespace nanospan::net {
namespace {

constexpr std::size_t kScratchBytes = 64u << 10;

GrpcCode code_for(HttpFailure failure) {
  switch (error_code_for(failure)) {
    case ErrorCode::kUnavailable:
      return GrpcCode::kUnavailable;
    case ErrorCode::kDeadlineExceeded:
      return GrpcCode::kDeadlineExceeded;
    case ErrorCode::kCancelled:
      return GrpcCode::kCancelled;
    case ErrorCode::kResourceExhausted:
      return GrpcCode::kResourceExhausted;
    default:
      return GrpcCode::kInternal;
  }
}

bool is_sendable(const GrpcRequest& request) {
  const auto valid = [](const Header& header) {
    const bool lower =
        std::none_of(header.name.begin(), header.name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return lower && is_token(header.name) && is_header_value(header.value);
  };
  return request.path.starts_with('/') && std::all_of(request.metadata.begin(), request.metadata.end(), valid);
}

}  // namespace

GrpcChannel::GrpcChannel(EventLoop& loop, GrpcClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      route_(route_to(options_.origin, options_.proxy ? &*options_.proxy : nullptr, true)),
      scratch_(kScratchBytes),
      completions_(loop, [this] { run_completions(); }),
      serve_timer_(loop, [this] { serve(); }),
      keepalive_nanos_(options_.keepalive_nanos),
      random_state_(loop.clock().monotonic_now() | 1),
      balancer_(*this) {}

GrpcChannel::CallId GrpcChannel::call(GrpcRequest request, GrpcClient::OnDone done) {
  const CallId id = ++last_id_;
  auto& call = *(calls_[id] = std::make_unique<GrpcCall>(loop_, [this, id] { on_deadline(id); }));
  call.id = id;
  call.request = std::move(request);
  call.done = std::move(done);
  ++counters_.calls;
  if (!is_sendable(call.request)) {
    failed(call, HttpFailure::kInvalidRequest, "the call's path or metadata cannot be sent", false);
    return id;
  }
  call.deadline.arm(call.request.deadline.at);
  waiting_.push_back(id);
  serve();
  if (waiting_.size() > options_.queued_calls_max && waiting_.back() == id) {
    waiting_.pop_back();
    failed(call, HttpFailure::kQueueFull, "too many calls wait for a stream", false);
  }
  return id;
}

// --- Connections ---

void GrpcChannel::serve_soon() {
  if (!waiting_.empty() && serve_timer_.at() > loop_.now())
    serve_timer_.arm(loop_.now());  // it may wait for a back-off
}

void GrpcChannel::serve() {
  while (!waiting_.empty()) {
    balancer_.open();
    GrpcConnection* const connection = balancer_.pick();
    if (connection == nullptr) {
      balancer_.open_another();
      if (const auto at = balancer_.next_try(); at < serve_timer_.at()) serve_timer_.arm(at);
      return;
    }
    GrpcCall& call = *calls_.at(waiting_.front());
    waiting_.pop_front();
    if (connection->start(call)) continue;
    waiting_.push_front(call.id);
    balancer_.retire(*connection);
  }
}

base::Deadline GrpcChannel::latest_deadline() const {
  base::Deadline latest{0};
  for (const CallId id : waiting_) latest.at = std::max(latest.at, calls_.at(id)->request.deadline.at);
  return latest;
}

void GrpcChannel::fail_waiting(HttpFailure failure, std::string_view what) {
  const std::deque<CallId> waiting = std::exchange(waiting_, {});
  for (const CallId id : waiting) failed(*calls_.at(id), failure, what, false);
}

void GrpcChannel::discard(GrpcConnection& connection) {
  balancer_.discard(connection);
  serve_soon();
}

void GrpcChannel::slow_keepalive() {
  if (keepalive_nanos_ <= base::kNever / 2) keepalive_nanos_ *= 2;
}

std::uint64_t GrpcChannel::jitter_bits() {
  if (options_.random) return options_.random();
  random_state_ ^= random_state_ << 13;  // xorshift64
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return random_state_;
}

// --- Ends of calls ---

void GrpcChannel::again(GrpcCall& call) {
  waiting_.push_front(call.id);
  serve_soon();
}

void GrpcChannel::answered(GrpcCall& call, GrpcReply reply) {
  ++counters_.answered;
  finish(call, std::move(reply));
}

void GrpcChannel::failed(GrpcCall& call, HttpFailure failure, std::string_view what, bool may_have_arrived) {
  ++counters_.failed;
  GrpcReply reply;
  reply.failure = failure;
  reply.may_have_arrived = may_have_arrived || call.repeated;
  reply.status = {code_for(failure), options_.origin.origin() + route_.via + ": " + std::string(what), {}};
  finish(call, std::move(reply));
}

void GrpcChannel::finish(GrpcCall& call, GrpcReply reply) {
  finished_.push_back({std::move(call.done), std::move(reply)});
  calls_.erase(call.id);
  completions_.arm(loop_.now());
}

void GrpcChannel::run_completions() {
  const auto alive = shared_from_this();
  while (!finished_.empty()) {  // a completion may add to them, or drop them with the client
    Finished next = std::move(finished_.front());
    finished_.pop_front();
    if (next.done) next.done(std::move(next.reply));
  }
}

void GrpcChannel::on_deadline(CallId id) {
  GrpcCall& call = *calls_.at(id);
  if (GrpcConnection* const connection = call.connection) {
    const bool begun = connection->answer_begun(call);
    connection->forget(call);
    if (!begun) connection->probe(call.sent_at);
    return failed(call, HttpFailure::kResponseTimeout, "deadline passed while waiting for the answer", true);
  }
  std::erase(waiting_, id);
  const bool resolving = balancer_.resolving();
  const std::string what = "deadline passed " + std::string(balancer_.phase());
  if (waiting_.empty()) balancer_.nobody_waits();
  failed(call, resolving ? HttpFailure::kResolveTimeout : HttpFailure::kConnectTimeout, what, false);
}

void GrpcChannel::cancel(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  GrpcCall& call = *found->second;
  const bool sent = call.connection != nullptr;
  if (sent) {
    call.connection->forget(call);
  } else {
    std::erase(waiting_, id);
  }
  failed(call, HttpFailure::kCancelled, "cancelled", sent);
}

void GrpcChannel::cancel_all() {
  std::vector<CallId> ids;
  for (const auto& [id, call] : calls_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const CallId id : ids) cancel(id);
  balancer_.drop_everything();
}

void GrpcChannel::drop_everything() {
  waiting_.clear();
  const auto dropped = std::exchange(calls_, {});
  const auto unheard = std::exchange(finished_, {});
  completions_.cancel();
  serve_timer_.cancel();
  balancer_.drop_everything();
}

// --- GrpcClient ---

Result<std::unique_ptr<GrpcClient>> GrpcClient::create(EventLoop& loop, GrpcClientOptions options) {
  if (options.origin.host.empty()) return Error{ErrorCode::kInvalidArgument, "gRPC client: the origin has no host"};
  if (options.streams_max == 0) return Error{ErrorCode::kInvalidArgument, "gRPC client: streams_max is 0"};
  if (options.origin.https && !options.make_stream) {
    return Error{ErrorCode::kUnsupported,
                 options.origin.origin() + ": https needs TLS, which is not linked into this program"};
  }
  return std::unique_ptr<GrpcClient>(new GrpcClient(std::make_shared<GrpcChannel>(loop, std::move(options))));
}

GrpcClient::~GrpcClient() { channel_->drop_everything(); }
GrpcClient::CallId GrpcClient::call(GrpcRequest request, OnDone done) {
  return channel_->call(std::move(request), std::move(done));
}
void GrpcClient::cancel(CallId id) { channel_->cancel(id); }
void GrpcClient::cancel_all() { channel_->cancel_all(); }
std::size_t GrpcClient::in_flight() const { return channel_->in_flight(); }
const GrpcClient::Counters& GrpcClient::counters() const { return channel_->counters(); }
void GrpcClient::abandon_after_fork() { channel_->drop_everything(); }

}  // namespace nanospan::net
