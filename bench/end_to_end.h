// The scenarios of end_to_end: whole pipelines, real sockets, figures per process rather than per span call.
//
// Each sets up its own stage, checks its ledger, and adds its figures. `scale` stretches or shortens the runs (1 = as
// published).
#pragma once

#include <string>

#include "bench/figures.h"
#include "bench/stage.h"

namespace nanospan::bench {

struct Run {
  Figures& figures;
  double scale = 1;
};

void throughput(const Run& run);      ///< S8 and where the CPU goes.
void other_ways(const Run& run);      ///< S9: gRPC, and compressed.
void steady_cpu(const Run& run);      ///< S10.
void two_producers(const Run& run);   ///< S12.
void tails(const Run& run);           ///< S11.
void delivery(const Run& run);        ///< S14.
void thread_memory(const Run& run);   ///< S13, a thread with few spans.
void service_memory(const Run& run);  ///< S13, a service, and one whose receiver is dead.
void lifecycle(const Run& run);       ///< S15.

/// What end_to_end --child NAME ENDPOINT SECONDS does: scenarios that need a process of their own. Prints lines
/// "name number".
int child(const std::string& name, const std::string& endpoint, double seconds);

/// Calls each(i) 10,000 times a second, for so many seconds.
template <class Each>
void at_ten_thousand_a_second(double seconds, Each&& each) {
  at_rate(10'000, seconds, each);
}

}  // namespace nanospan::bench
