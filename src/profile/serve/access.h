// Who may look: profiles tell function names, routes and ids of traces.
//
// A token, if one is set, must be shown as "Authorization: Bearer TOKEN". Without one only this machine reaches the
// port (profile_server.h), and a request must name the host as an address or as localhost: a page in a browser that
// had its own name rebound to 127.0.0.1 does not. Pure.
#pragma once

#include <string>
#include <string_view>

#include "net/http1_message.h"

namespace nanospan::profile {

bool is_loopback(std::string_view host);
bool may_look(const net::MessageHead& head, const std::string& token);

}  // namespace nanospan::profile
