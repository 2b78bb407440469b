// What `nanospan load http` was asked to do, and how its results are shown. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/nanospan/arguments.h"
#include "base/result.h"
#include "load/http_load.h"
#include "load/threshold.h"

namespace nanospan::app {

struct LoadTarget {
  load::HttpLoadOptions load;  ///< Of one round of it.
  std::string label;           ///< What people call it.
  int pid = 0;                 ///< The server's process, to account its CPU time; 0 = not wanted.
};

/// Several targets are loaded in turn, in short rounds (A, B, B, A, ...), so that whatever else happens on the machine
/// meets them alike; this is what makes two configurations of a service comparable. One target is one round.
struct LoadHttpOptions {
  std::vector<LoadTarget> targets;
  std::size_t rounds = 1;  ///< Of each target.
  std::vector<load::Threshold> thresholds;
  bool json = false;
};

/// The error names the argument, its value and what it may be.
Result<LoadHttpOptions> parse_load_http(const Arguments& arguments);
std::vector<Option> load_http_options();

/// One target with all that its rounds gave.
struct LoadTally {
  std::string label;
  load::HttpLoadResult total;
  double cpu_seconds = 0;               // of the server's process
  std::vector<double> cpu_per_request;  // microseconds, one a round

  void add(const load::HttpLoadResult& round, double cpu_seconds);
};

/// Follows a load that runs: a line that is written over on a terminal, else a line now and then.
class LoadProgress {
 public:
  explicit LoadProgress(const load::Plan& plan);
  void show(const load::HttpLoad& load);
  /// Ends the line that is written over.
  void end();

 private:
  const load::Plan& plan_;
  const bool terminal_;
  const std::uint64_t every_nanos_;
  std::uint64_t next_nanos_;
  load::LatencyHistogram before_;
  std::uint64_t answered_before_ = 0, nanos_before_ = 0;
};

void print_load_round(std::size_t done, std::size_t all, const std::string& label, const load::HttpLoadResult& round);
void print_load_table(const LoadTally& tally, const std::vector<load::Threshold>& thresholds);
/// One line.
void print_load_json(const LoadTally& tally, const std::vector<load::Threshold>& thresholds);

}  // namespace nanospan::app
