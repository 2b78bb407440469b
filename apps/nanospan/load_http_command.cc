// nanospan load http: runs the rounds and says whether the thresholds hold.
#include <algorithm>
#include <cstdio>

#include "apps/nanospan/command.h"
#include "apps/nanospan/load_command.h"
#include "apps/nanospan/load_http.h"

namespace nanospan::app {
namespace {

Status run_round(const LoadTarget& target, LoadTally& tally, bool watched) {
  double cpu_before = 0;
  if (target.pid != 0) {
    const Result<double> cpu = cpu_seconds_of(target.pid);
    if (!cpu) return cpu.error();
    cpu_before = *cpu;
  }
  LoadProgress progress(target.load.plan);
  const auto watch = [&](const load::HttpLoad& load) {
    if (watched) progress.show(load);
  };
  const Result<load::HttpLoadResult> result = load::run_http_load(target.load, base::system_clock(), watch);
  if (watched) progress.end();
  if (!result) return result.error();
  tally.add(*result, target.pid == 0 ? 0 : cpu_seconds_of(target.pid).value_or(cpu_before) - cpu_before);
  return {};
}

Status run_rounds(const LoadHttpOptions& options, std::vector<LoadTally>& tallies) {
  const std::size_t count = options.targets.size();
  const std::size_t rounds = options.rounds * count;
  for (std::size_t i = 0; i < rounds; ++i) {
    // A B, B A, A B ...: a drift of the machine's speed meets all targets alike.
    const std::size_t place = (i / count) % 2 == 0 ? i % count : count - 1 - i % count;
    LoadTally round{tallies[place].label, {}, 0, {}};
    if (Status done = run_round(options.targets[place], round, rounds == 1); !done) return done;
    if (rounds > 1) print_load_round(i + 1, rounds, round.label, round.total);
    tallies[place].add(round.total, round.cpu_seconds);
  }
  return {};
}

/// What nobody answered is a failure, unless a threshold says how many may be.
bool passed(const LoadHttpOptions& options, const LoadTally& tally) {
  bool errors_judged = false;
  for (const load::Threshold& threshold : options.thresholds) {
    errors_judged |= threshold.metric() == load::Threshold::Metric::kErrors;
    if (!threshold.holds(tally.total)) return false;
  }
  return errors_judged || (tally.total.failed == 0 && tally.total.unsent == 0);
}

int load_http(const Arguments& arguments) {
  const Result<LoadHttpOptions> options = parse_load_http(arguments);
  if (!options) {
    std::fprintf(stderr, "nanospan load http: %s\n", options.error().message.c_str());
    return kExitUsage;
  }
  std::vector<LoadTally> tallies;
  for (const LoadTarget& target : options->targets) tallies.push_back({target.label, {}, 0, {}});
  if (Status done = run_rounds(*options, tallies); !done) {
    std::fprintf(stderr, "nanospan load http: %s\n", done.error().message.c_str());
    return kExitFailed;
  }
  bool all_passed = true;
  for (const LoadTally& tally : tallies) {
    options->json ? print_load_json(tally, options->thresholds) : print_load_table(tally, options->thresholds);
    all_passed &= passed(*options, tally);
  }
  return all_passed ? kExitOk : kExitFailed;
}

}  // namespace

Command load_http_command() {
  return {
      "load http", "load an HTTP service and measure it",
      "With --stage, users or a rate that rise and fall; with --rate, an open load; else --connections users, each of\n"
      "whom sends its next request when the last one is answered. At a rate and with a --pace, latency counts from\n"
      "when a request was due, so that a service that stands still cannot hide what it did not take. With several\n"
      "--url they are loaded in turn, in short rounds, to be compared.\n\n"
      "Exit code 1 if a threshold is missed, or if a request got no answer and no threshold is about errors.\n",
      load_http_options(), load_http};
}

}  // namespace nanospan::app
