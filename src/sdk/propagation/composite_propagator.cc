// All of several propagators, in their order. Source: context/api-propagators.md "Composite Propagator".
#include <nanospan/propagation.h>

#include <algorithm>
#include <utility>

namespace nanospan {
namespace sdk {
namespace {

class CompositePropagator final : public TextMapPropagator {
 public:
  explicit CompositePropagator(std::vector<PropagatorPtr> parts) : parts_(std::move(parts)) {
    parts_.erase(std::remove(parts_.begin(), parts_.end(), nullptr), parts_.end());
  }

  void inject(const Context& context, TextMapSetter& carrier) const override {
    for (const PropagatorPtr& part : parts_) part->inject(context, carrier);
  }
  Context extract(const Context& context, const TextMapGetter& carrier) const override {
    if (parts_.empty()) return context;
    Context result = parts_[0]->extract(context, carrier);
    for (std::size_t i = 1; i < parts_.size(); ++i) result = parts_[i]->extract(result, carrier);
    return result;
  }
  std::vector<std::string> fields() const override {
    std::vector<std::string> all;
    for (const PropagatorPtr& part : parts_) {
      for (std::string& field : part->fields()) {
        if (std::find(all.begin(), all.end(), field) == all.end()) all.push_back(std::move(field));
      }
    }
    return all;
  }

 private:
  std::vector<PropagatorPtr> parts_;
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

PropagatorPtr composite_propagator(std::vector<PropagatorPtr> parts) {
  return std::make_shared<sdk::CompositePropagator>(std::move(parts));
}

}  // namespace v0
}  // namespace nanospan
