// Pprof: the profiler of this very process on a port of its own (/debug/pprof/).
//
// It has its own thread, so that a gateway whose loops are all busy can still be looked at. Started and drained by the
// service's thread.
#pragma once

#include <memory>
#include <string>

#include "gateway/component/component.h"
#include "gateway/extensions/pprof/pprof_config.h"
#include "profile/serve/profile_server.h"

namespace nanospan::gateway {

class Pprof final : public Component {
 public:
  explicit Pprof(PprofConfig config) : config_(std::move(config)) {}

  Status start() override;
  void drain(base::Deadline deadline, net::Task done) override;
  std::string describe() const override;

 private:
  const PprofConfig config_;
  std::unique_ptr<profile::ProfileServer> server_;
};

}  // namespace nanospan::gateway
