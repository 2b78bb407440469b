// The factories; contexts are shared by all the streams that one of them makes. Threads: see the header.
#include "net/tls_streams.h"

#include <memory>
#include <utility>

#include "net/tls_context.h"
#include "net/tls_stream.h"

namespace nanospan::net {
namespace {

std::unique_ptr<ByteStream> open_under(const StreamFactory& under, Fd socket) {
  return under ? under(std::move(socket)) : make_socket_stream(std::move(socket));
}

}  // namespace

Result<StreamFactory> tls_client_streams(TlsClientOptions options, const std::string& host, const std::string& protocol,
                                         StreamFactory under, const base::Clock& clock) {
  Result<std::shared_ptr<TlsContext>> context = TlsContext::client(std::move(options), protocol, clock);
  if (!context.ok()) return context.error();
  return StreamFactory([context = std::move(context).value(), host, under = std::move(under)](Fd socket) {
    return TlsStream::create(context, host, open_under(under, std::move(socket)));
  });
}

Result<StreamFactory> tls_server_streams(TlsServerOptions options, StreamFactory under, const base::Clock& clock) {
  Result<std::shared_ptr<TlsContext>> context = TlsContext::server(std::move(options), clock);
  if (!context.ok()) return context.error();
  return StreamFactory([context = std::move(context).value(), under = std::move(under)](Fd socket) {
    return TlsStream::create(context, {}, open_under(under, std::move(socket)));
  });
}

}  // namespace nanospan::net
