// The `otlp` receiver: OTLP over gRPC, and over HTTP as protobuf and JSON.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ReceiverFactory otlp_receiver_factory();

}  // namespace nanospan::gateway
