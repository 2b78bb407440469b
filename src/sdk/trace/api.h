// The table of cold functions, and making it known to the inlined code of this process.
#pragma once

#include <nanospan/detail/abi.h>

namespace nanospan::sdk {

/// Publishes the table; from then on spans of unbound tracers look for the default provider. Idempotent.
void install_api();

}  // namespace nanospan::sdk
