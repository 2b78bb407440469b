// Headers of requests that the sender sets itself, so that no user's option may. Pure function.
#pragma once

#include <string_view>

namespace nanospan::net {

/// True of those that say how a message is framed, encoded and carried (RFC 9112, RFC 9113, 8.2.2; gRPC over HTTP2,
/// "Requests"), in any case, and of Host, which is not for all to set: a wrong one of these breaks the connection, or
/// makes the peer answer what nobody here can read.
bool is_reserved_header(std::string_view name);

}  // namespace nanospan::net
