// Threads of the SDK's own: named, detached, with all signals blocked, and with tracing suppressed.
#pragma once

#include <functional>

namespace nanospan::sdk {

/// Runs `body` on a new detached thread. False if the system refuses one.
bool start_sdk_thread(const char* name, std::function<void()> body);

}  // namespace nanospan::sdk
