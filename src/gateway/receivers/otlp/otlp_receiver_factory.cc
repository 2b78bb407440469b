// Ties the `otlp` receiver together. Called by the service's thread.
#include "gateway/receivers/otlp/otlp_receiver_factory.h"

#include "gateway/receivers/otlp/otlp_receiver.h"
#include "gateway/receivers/otlp/otlp_receiver_config.h"

namespace nanospan::gateway {

ReceiverFactory otlp_receiver_factory() {
  return {"otlp",
          {},
          "receives OTLP over gRPC and HTTP (1.1 and 2; protobuf and JSON; gzip, zstd, snappy, deflate or none)",
          [](const ComponentId& id, MapReader& reader) -> ReceiverMaker {
            return [name = id.text(), config = read_otlp_receiver_config(reader)](
                       Host& host, const SignalConsumers& next) -> Result<std::unique_ptr<Component>> {
              return std::unique_ptr<Component>(std::make_unique<OtlpReceiver>(config, name, host, next));
            };
          }};
}

}  // namespace nanospan::gateway
