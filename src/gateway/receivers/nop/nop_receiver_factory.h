// The `nop` receiver: receives nothing.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ReceiverFactory nop_receiver_factory();

}  // namespace nanospan::gateway
