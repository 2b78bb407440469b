// The public face of Http1ClientPool, which may outlive it by a completion. Threads: see the header.
#include "net/http1_client.h"

#include <utility>

#include "net/http1_client_pool.h"

namespace nanospan::net {

Result<std::unique_ptr<Http1Client>> Http1Client::create(EventLoop& loop, Http1ClientOptions options) {
  if (options.origin.host.empty()) return Error{ErrorCode::kInvalidArgument, "HTTP client: the origin has no host"};
  if (options.connections_max == 0) return Error{ErrorCode::kInvalidArgument, "HTTP client: connections_max is 0"};
  if (options.origin.https && !options.make_stream) {
    return Error{ErrorCode::kUnsupported,
                 options.origin.origin() + ": https needs TLS, which is not linked into this program"};
  }
  return std::unique_ptr<Http1Client>(new Http1Client(std::make_shared<Http1ClientPool>(loop, std::move(options))));
}

Http1Client::~Http1Client() { pool_->drop_everything(); }

Http1Client::RequestId Http1Client::send(HttpRequest request, OnDone done) {
  return pool_->send(std::move(request), std::move(done));
}
void Http1Client::cancel(RequestId id) { pool_->cancel(id); }
void Http1Client::cancel_all() { pool_->cancel_all(); }
std::size_t Http1Client::in_flight() const { return pool_->in_flight(); }
const Http1Client::Counters& Http1Client::counters() const { return pool_->counters(); }
void Http1Client::abandon_after_fork() { pool_->drop_everything(); }

}  // namespace nanospan::net
