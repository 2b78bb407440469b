// What /proc says of the threads of this process. Allocates; never from a signal handler. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace nanospan::profile {

void for_each_thread(const std::function<void(std::int32_t tid)>& visit);
/// "?" if the thread is gone.
std::string thread_name(std::int32_t tid);
/// What it does, in the kernel's words (proc(5)): "running" (or ready to), "sleeping", "disk sleep", "stopped" ...; ""
/// if it is gone.
std::string thread_state(std::int32_t tid);
/// A whole file of /proc, at most `bytes_max` of it; empty if it cannot be read.
std::string read_proc(const std::string& path, std::size_t bytes_max = 64u << 10);

}  // namespace nanospan::profile
