// Zpages: what the gateway is made of and how it fares, on a few pages for people: plain HTML without anything from
// elsewhere, in columns that are readable with curl as well. Paths are the Collector's (extension/zpagesextension).
//
// Started and drained by the service's thread; answers on one of the shared loops.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/component/component.h"
#include "gateway/extensions/zpages/zpages_config.h"
#include "gateway/http/status_endpoint.h"

namespace nanospan::gateway {

class Zpages final : public Component {
 public:
  Zpages(ZpagesConfig config, Host& host) : config_(std::move(config)), host_(host) {}

  Status start() override;
  void drain(base::Deadline deadline, net::Task done) override;
  std::string describe() const override;

 private:
  std::string service_page() const;
  std::string pipelines_page() const;
  std::string extensions_page() const;
  std::string value(std::string_view metric, const Labels& labels) const;

  const ZpagesConfig config_;
  Host& host_;
  std::unique_ptr<StatusEndpoint> endpoint_;
};

}  // namespace nanospan::gateway
