// Sample: one interrupted stack with what was going on, as the handler writes it to the ring and the collector reads
// it.
//
//   word 0   words in all u16 | frames u16 | kind u8 | end of the walk u8 | bytes of route u8 | of the span's name u8
//   1        weight u32 | nanoseconds in the handler u32
//   2        CodeMap* of the walk
//   3 4 5    trace id 16, span id 8; zero without a span
//   6 ...    route, zero-padded to words | name, likewise | pcs, leaf first
//
// Plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "profile/sampler/sample_ring.h"
#include "profile/unwind/stack_walk.h"

namespace nanospan::profile {

/// Why a stack was taken.
enum class SampleKind : std::uint8_t { kCpu = 0, kWall = 1, kThread = 2 };

inline constexpr std::size_t kFramesMax = 127;
inline constexpr std::size_t kLabelBytesMax = 64;
inline constexpr std::size_t kSampleHeadWords = 6;
inline constexpr std::size_t kSampleWordsMax = kSampleHeadWords + 2 * (kLabelBytesMax / 8) + kFramesMax;

/// What the interrupted thread was working for.
struct SpanLabels {
  std::array<std::uint64_t, 2> trace_id{};  ///< In memory order.
  std::uint64_t span_id = 0;
  std::array<char, kLabelBytesMax> route{};
  std::array<char, kLabelBytesMax> name{};
  std::uint8_t route_size = 0;
  std::uint8_t name_size = 0;

  bool has_trace() const { return (trace_id[0] | trace_id[1]) != 0; }
  std::string_view route_text() const { return {route.data(), route_size}; }
  std::string_view name_text() const { return {name.data(), name_size}; }
};

/// A sample as read from a ring.
struct Sample {
  SampleKind kind = SampleKind::kCpu;
  WalkEnd end = WalkEnd::kLost;
  std::uint32_t weight = 1;
  std::uint32_t handler_nanos = 0;
  const CodeMap* code = nullptr;
  SpanLabels labels;
  std::size_t frames = 0;
  std::array<std::uint64_t, kFramesMax> pcs{};
};

/// Reads and consumes the oldest sample. False: there is none.
bool read_sample(SampleRing& ring, Sample& sample);

}  // namespace nanospan::profile
