// Pprof: the profiler of this very process on a port of its own (/debug/pprof/), and the profiles that it records.
//
// It has its own thread, so that a gateway whose loops are all busy can still be looked at; that thread also writes and
// sends what is recorded. Started and drained by the service's thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "gateway/component/component.h"
#include "gateway/extensions/pprof/pprof_config.h"
#include "profile/serve/profile_server.h"

namespace nanospan::gateway {

class Pprof final : public Component {
 public:
  /// `id` is how the log calls it. `host` outlives it.
  Pprof(std::string id, PprofConfig config, Host& host)
      : subject_("extension " + std::move(id)), config_(std::move(config)), host_(host) {
    problems_->log = &host.log();
  }
  ~Pprof() override;

  Status start() override;
  /// Blocks until the last profiles are written and their server has answered, 5 s at most.
  void drain(base::Deadline deadline, net::Task done) override;
  std::string describe() const override;
  bool drains_at_the_end() const override { return true; }

 private:
  /// Where its thread tells what went wrong. That may outlive this and the host, where a disk hangs.
  struct Problems {
    std::mutex mutex;
    Log* log = nullptr;  // null: nobody listens any more
  };
  profile::RecorderOptions recorder_options() const;

  const std::string subject_;
  const PprofConfig config_;
  Host& host_;
  const std::shared_ptr<Problems> problems_ = std::make_shared<Problems>();
  std::optional<net::Proxy> proxy_;
  std::unique_ptr<profile::ProfileServer> server_;
};

}  // namespace nanospan::gateway
