// A place holder, for a gateway that runs only extensions (Collector: receiver/nopreceiver). No keys.
#include "gateway/receivers/nop/nop_receiver_factory.h"

namespace nanospan::gateway {
namespace {

class NopReceiver final : public Component {
 public:
  Status start() override { return {}; }
  void drain(base::Deadline /*deadline*/, net::Task done) override { done(); }
  std::string describe() const override { return "receives nothing"; }
};

}  // namespace

ReceiverFactory nop_receiver_factory() {
  return {"nop", {}, "receives nothing", [](const ComponentId&, MapReader&) -> ReceiverMaker {
            return [](Host&, const SignalConsumers&) -> Result<std::unique_ptr<Component>> {
              return std::unique_ptr<Component>(std::make_unique<NopReceiver>());
            };
          }};
}

}  // namespace nanospan::gateway
