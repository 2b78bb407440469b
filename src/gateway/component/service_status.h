// ServiceStatus: what the service is made of at the moment, in names and words, for pages that show it. A plain value.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/pipeline/signal.h"

namespace nanospan::gateway {

struct ServiceStatus {
  struct Pipeline {
    std::string name;
    std::string receivers, processors, exporters;  ///< Names, with commas.
  };
  struct Part {
    std::string name;
    std::string description;  ///< As in the start block.
  };
  struct ExporterPart {
    std::string name;
    Signal signal = Signal::kTraces;
    std::string description;
  };
  std::vector<Pipeline> pipelines;
  std::vector<Part> receivers;
  std::vector<ExporterPart> exporters;
  std::vector<Part> extensions;
  std::string limits;  ///< One line.
};

}  // namespace nanospan::gateway
