// Random UUIDs (RFC 9562 5.4, version 4), for ids that must differ between processes and machines. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace nanospan::base {

/// 16 bytes. Empty if the kernel has no randomness yet, at early boot: rather no id than a program that hangs.
std::string random_uuid();

/// "xxxxxxxx-xxxx-4xxx-[89ab]xxx-xxxxxxxxxxxx" of such 16 bytes; empty of none.
std::string uuid_text(std::string_view bytes);

}  // namespace nanospan::base
