// Badge: an authenticator of senders that shows another credential each time: Bearer 1, Bearer 2, ...
#pragma once

#include <string>

#include "gateway/auth/authenticator.h"

namespace nanospan::gateway::testing {

struct Badge final : ClientAuthenticator {
  net::Header credential() override { return {"authorization", "Bearer " + std::to_string(++shown)}; }
  int shown = 0;
};

}  // namespace nanospan::gateway::testing
