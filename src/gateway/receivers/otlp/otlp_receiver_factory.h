// The `otlp` receiver: OTLP over HTTP/1.1, protobuf and JSON.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ReceiverFactory otlp_receiver_factory();

}  // namespace nanospan::gateway
