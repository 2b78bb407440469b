// The experiments of the report (tools/report): each compares cases of one thing with a live batch pipeline and, where
// spans are sent, a receiver that decodes and counts. docs/report.md says what each answers.
//
// An experiment checks its ledger and fails rather than report a figure that lost spans; where loss is the point, it
// says so. `scale` stretches or shortens it (1 = as in `make report`).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/experiments/points.h"
#include "bench/remote.h"
#include "bench/stage.h"

namespace nanospan::bench {

struct Trial {
  Points& points;
  double scale = 1;
};

// spans.cc: what one call costs its thread
void spans(const Trial& trial);            ///< W1 to W4.
void attributes_pair(const Trial& trial);  ///< One call each, one list, one kept list.
void inline_pair(const Trial& trial);      ///< The inlined path against a call of a function.
void pooling_pair(const Trial& trial);     ///< Objects made anew, objects pooled, our slab.
void context_pair(const Trial& trial);     ///< Three values one by one, one struct; make current.
void attribute_count(const Trial& trial);  ///< 0 to 128 attributes.
// queues.cc
void queue_pair(const Trial& trial);    ///< One queue behind a mutex against a ring a thread.
void thread_count(const Trial& trial);  ///< Producers against throughput.
void queue_size(const Trial& trial);    ///< Loss under a burst, the receiver far away.
// batches.cc
void batch_size(const Trial& trial);      ///< 1 to 2048 spans a batch.
void schedule_delay(const Trial& trial);  ///< 2 ms to 5 s.
void presets(const Trial& trial);         ///< The four presets.
void sampling(const Trial& trial);        ///< 0 to 100 %.
void shares(const Trial& trial);          ///< Where the CPU of a span goes.
// transport.cc
void compression(const Trial& trial);      ///< none, gzip, snappy, zstd.
void connection_pair(const Trial& trial);  ///< A connection for each export against one that is kept.
void multiplexing(const Trial& trial);     ///< HTTP/1.1 against 100 streams of HTTP/2.
// stalls.cc
void stalls(const Trial& trial);  ///< The longest that end() and set() hold a caller up.

/// Runs `body` in a forked child, so that its memory and CPU are its own, and returns the numbers that it returned.
/// REQUIRES: no provider and no thread in this process yet. Fails if the child does.
std::vector<double> in_child(const std::function<std::vector<double>()>& body);

/// What spans cost when they are made as fast as the pipeline takes them, without loss: by pacing, as an application
/// under back-pressure would.
struct Flow {
  double cpu_nanos = 0;         ///< Of all threads, a span, up to the last answer.
  double spans_per_second = 0;  ///< Wall.
};
inline void make_ten(Bench& bench, std::uint64_t i) { Ten{}(bench, i); }
/// `make` called `spans` times, W4 by default; median of `rounds`.
Flow flow(Pipeline& pipeline, std::uint64_t spans, int rounds, std::uint32_t queue_spans_max,
          void (*make)(Bench&, std::uint64_t) = make_ten);

}  // namespace nanospan::bench
