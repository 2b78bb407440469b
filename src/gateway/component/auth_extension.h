// AuthExtension: what the service sees of an extension that is an authenticator. The authenticator itself is in the
// registry; there is nothing to start or to drain.
#pragma once

#include <string>
#include <utility>

#include "gateway/component/component.h"

namespace nanospan::gateway {

class AuthExtension final : public Component {
 public:
  explicit AuthExtension(std::string description) : description_(std::move(description)) {}
  Status start() override { return {}; }
  void drain(base::Deadline, net::Task done) override { done(); }
  std::string describe() const override { return description_; }

 private:
  const std::string description_;
};

}  // namespace nanospan::gateway
