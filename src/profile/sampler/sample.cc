// The collector's half: words from the ring back to a Sample, every length checked. Threads: see the header.
#include "profile/sampler/sample.h"

#include <algorithm>
#include <cstring>

namespace nanospan::profile {
namespace {

// Text in words; returns how many.
std::size_t read_text(const SampleRing& ring, std::size_t at, std::size_t size, std::array<char, kLabelBytesMax>& to) {
  for (std::size_t i = 0; i < size; i += 8) {
    const std::uint64_t word = ring.peek(at + i / 8);
    std::memcpy(to.data() + i, &word, 8);
  }
  return (size + 7) / 8;
}

}  // namespace

bool read_sample(SampleRing& ring, Sample& sample) {
  if (!ring.prepared() || ring.readable() == 0) return false;
  const std::uint64_t head = ring.peek(0);
  const std::size_t words = head & 0xFFFF;
  sample.frames = std::min<std::size_t>(head >> 16 & 0xFFFF, kFramesMax);
  sample.kind = static_cast<SampleKind>(head >> 32 & 0xFF);
  sample.end = static_cast<WalkEnd>(head >> 40 & 0xFF);
  sample.labels.route_size = static_cast<std::uint8_t>(head >> 48 & 0xFF);
  sample.labels.name_size = static_cast<std::uint8_t>(head >> 56);
  const std::uint64_t costs = ring.peek(1);
  sample.weight = static_cast<std::uint32_t>(costs);
  sample.handler_nanos = static_cast<std::uint32_t>(costs >> 32);
  sample.code = reinterpret_cast<const CodeMap*>(ring.peek(2));
  sample.labels.trace_id = {ring.peek(3), ring.peek(4)};
  sample.labels.span_id = ring.peek(5);
  std::size_t at = kSampleHeadWords;
  at += read_text(ring, at, sample.labels.route_size, sample.labels.route);
  at += read_text(ring, at, sample.labels.name_size, sample.labels.name);
  for (std::size_t i = 0; i < sample.frames; ++i) sample.pcs[i] = ring.peek(at + i);
  ring.consume(words);
  return true;
}

}  // namespace nanospan::profile
