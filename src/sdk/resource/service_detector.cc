// service.instance.id: which instance of the service this process is. Source: semantic conventions "service.instance".
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "sdk/resource/detectors.h"

namespace nanospan {
namespace sdk {
namespace {

// Kept for ever, as is each before it: a lock could be held at the moment of a fork, and resources hold views of it.
struct Instance {
  std::string id;
  const Instance* former;  // of the process that this one was forked from
};
std::atomic<const Instance*> the_instance{nullptr};

// Takes the place of `former`, unless another has taken it already, which is returned then.
std::string_view make_instance(const Instance* former) {
  auto made = std::make_unique<const Instance>(Instance{base::uuid_text(base::random_uuid()), former});
  if (made->id.empty()) return {};
  const Instance* now = former;
  if (!the_instance.compare_exchange_strong(now, made.get(), std::memory_order_acq_rel)) return now->id;
  return made.release()->id;
}

class ServiceDetector final : public ResourceDetector {
 public:
  std::string_view name() const override { return "service"; }
  Result<Resource> detect() const override {
    const std::string_view instance = instance_id();
    if (instance.empty()) return Error{ErrorCode::kSystem, "getrandom failed"};
    return Resource({{"service.instance.id", instance}}, kSchemaUrl);
  }
};

}  // namespace

std::string_view instance_id() {
  if (const Instance* known = the_instance.load(std::memory_order_acquire)) return known->id;
  return make_instance(nullptr);
}

std::string_view renew_instance_id() { return make_instance(the_instance.load(std::memory_order_acquire)); }

}  // namespace sdk

inline namespace v0 {

std::unique_ptr<ResourceDetector> service_detector() { return std::make_unique<sdk::ServiceDetector>(); }

}  // namespace v0
}  // namespace nanospan
