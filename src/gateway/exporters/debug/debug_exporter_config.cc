// Reads the `debug` exporter's keys. One thread.
#include "gateway/exporters/debug/debug_exporter_config.h"

namespace nanospan::gateway {

DebugExporterConfig read_debug_exporter_config(MapReader& reader) {
  DebugExporterConfig config;
  std::string verbosity = "basic";
  reader.read_choice("verbosity", {"basic", "normal", "detailed"}, verbosity);
  config.verbosity =
      verbosity == "basic" ? Verbosity::kBasic : (verbosity == "normal" ? Verbosity::kNormal : Verbosity::kDetailed);
  reader.read("sampling_initial", config.sampling_initial);
  reader.read("sampling_thereafter", config.sampling_thereafter);
  reader.refuse("loglevel", "it was replaced: write verbosity: basic, normal or detailed");
  reader.ignore("use_internal_logger", "output goes to standard error");
  reader.ignore("output_paths", "output goes to standard error");
  read_queue_options(reader, config.queue);
  config.queue.consumers = 1;
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
