// The producer's slow path (wrap, watermark, growth, frames by pointer) and the drain's offers. Threads: see the
// header.
#include "sdk/runtime/ring.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "sdk/runtime/drain_signal.h"
#include "sdk/runtime/memory.h"

namespace nanospan::sdk {
namespace {

using detail::Ring;
using detail::ThreadState;

std::uint64_t room_end(const Ring& ring) {
  return ring.head.load(std::memory_order_acquire) + ring.size - detail::kCopySlack;
}

// A ring and its bytes are one mapping, the struct in front.
std::size_t mapping_bytes(std::size_t size) { return sizeof(Ring) + size + detail::kCopySlack; }

// Up to where the inlined path may go on: the end of the ring, the room that is free, or the point where the drain
// should be looked after next, whichever comes first.
void set_soft_limit(ThreadState& thread) {
  const Ring& ring = *thread.ring;
  const std::uint64_t head = ring.head.load(std::memory_order_acquire);
  const std::uint64_t full = head + ring.size - detail::kCopySlack;
  const std::uint64_t wrap = (thread.tail | (ring.size - 1)) + 1;
  const std::uint64_t watermark = head + watermark_bytes(ring.size);
  const std::uint64_t wake = thread.tail < watermark ? watermark : thread.tail + ring.size / 8;
  thread.soft.store(std::min({full, wrap, wake}), std::memory_order_relaxed);
}

void publish(ThreadState& thread, std::uint64_t tail) {
  thread.tail = tail;
  thread.ring->tail.store(tail, std::memory_order_release);
}

std::size_t larger_size(std::size_t size) { return std::min(size * kRingGrowth, kLastRingBytes); }

void go_on_in(ThreadState& thread, Ring* larger) {
  Ring* old = thread.ring;
  use_ring(thread, larger);
  old->next.store(larger, std::memory_order_release);
}

// Goes on in the ring that the drain has offered, if it has.
bool take_larger(ThreadState& thread) {
  Ring* larger = thread.ring->larger.load(std::memory_order_acquire);
  if (larger == nullptr) return false;
  thread.ring->larger.store(nullptr, std::memory_order_relaxed);
  go_on_in(thread, larger);
  return true;
}

// Goes on in a larger ring. False if this one is the largest, or memory is refused.
bool grow(ThreadState& thread, std::size_t frame_size) {
  if (take_larger(thread)) return true;
  std::size_t size = thread.ring->size;
  if (size >= kLastRingBytes) return false;
  do {
    size = larger_size(size);
  } while (size / 4 < frame_size && size < kLastRingBytes);
  Ring* larger = make_ring(size);
  if (larger == nullptr) return false;
  go_on_in(thread, larger);
  return true;
}

// Makes `stride` bytes fit before the end of the ring, with a pad frame if need be. False if the ring is full.
bool fit(ThreadState& thread, std::size_t stride) {
  const Ring& ring = *thread.ring;
  const std::uint64_t to_end = ring.size - (thread.tail & (ring.size - 1));
  const std::uint64_t pad = to_end < stride ? to_end : 0;
  if (thread.tail + pad + stride > room_end(ring)) return false;
  if (pad != 0) {
    FrameHeader::make(FrameKind::kPad, 0, pad).write(thread.ring_base + (thread.tail & thread.ring_mask));
    publish(thread, thread.tail + pad);
  }
  return true;
}

bool push_bytes(ThreadState& thread, const std::uint8_t* frame, std::size_t size) {
  const std::size_t stride = (size + 7) & ~std::size_t{7};
  take_larger(thread);
  while (!fit(thread, stride)) {
    if (!grow(thread, stride)) return false;
  }
  std::memcpy(thread.ring_base + (thread.tail & thread.ring_mask), frame, size);
  publish(thread, thread.tail + stride);
  return true;
}

bool push_pointer(ThreadState& thread, const std::uint8_t* frame, std::size_t size) {
  const std::size_t payload_size = size - FrameHeader::kBytes;
  // Charged to the bound of rings and slabs: otherwise a ring of addresses could hold gigabytes.
  void* copy = map_pages(payload_size, false);
  if (copy == nullptr) return false;
  std::memcpy(copy, frame + FrameHeader::kBytes, payload_size);
  std::uint8_t small[FrameHeader::kBytes + 16];
  const std::uint64_t frame_word = FrameHeader::read(frame).word & 0xFF00'FFFF'0000'0000ULL;
  FrameHeader::make(FrameKind::kByPointer, frame_word, sizeof small).write(small);
  const std::uint64_t words[2] = {reinterpret_cast<std::uint64_t>(copy), payload_size};
  std::memcpy(small + FrameHeader::kBytes, words, sizeof words);
  if (push_bytes(thread, small, sizeof small)) return true;
  unmap_pages(copy, payload_size);
  return false;
}

}  // namespace

Ring* make_ring(std::size_t size) {
  void* pages = map_pages(mapping_bytes(size), false);
  if (pages == nullptr) return nullptr;
  auto* ring = ::new (pages) Ring;
  ring->base = static_cast<std::uint8_t*>(pages) + sizeof(Ring);
  ring->size = size;
  return ring;
}

void destroy_ring(Ring* ring) {
  if (Ring* larger = ring->larger.load(std::memory_order_acquire)) destroy_ring(larger);
  unmap_pages(ring, mapping_bytes(ring->size));
}

void offer_larger_ring(Ring& ring) {
  if (ring.size >= kLastRingBytes || ring.larger.load(std::memory_order_relaxed) != nullptr) return;
  if (ring.next.load(std::memory_order_acquire) != nullptr) return;
  Ring* larger = make_ring(larger_size(ring.size));
  if (larger == nullptr) return;
  touch_ring(*larger);
  ring.larger.store(larger, std::memory_order_release);
}

void touch_ring(Ring& ring) {
  if (ring.touched || ring.size == kFirstRingBytes) return;
  ring.touched = true;
  touch_pages(&ring, mapping_bytes(ring.size));
}

void use_ring(ThreadState& thread, Ring* ring) {
  thread.ring = ring;
  thread.ring_base = ring->base;
  thread.ring_mask = ring->size - 1;
  thread.tail = 0;
  thread.soft.store(0, std::memory_order_relaxed);
}

bool push_frame(ThreadState& thread, const std::uint8_t* frame, std::size_t size) {
  __builtin_prefetch(&thread.ring->head);  // in the cache of the drain's processor
  // Zero: the first span on this ring, or the drain is going to sleep deeply and wants to be told of the next one. Then
  // the tail must be seen before the drain's kind of sleep is looked at; see Drain::rest. Otherwise the drain looks by
  // itself soon, and a fence would wait for all the lines that this thread has written and the drain has read.
  const bool tell = thread.soft.load(std::memory_order_relaxed) == 0;
  const bool by_pointer = size > kLastRingBytes / 4;
  const bool pushed = by_pointer ? push_pointer(thread, frame, size) : push_bytes(thread, frame, size);
  const Ring& ring = *thread.ring;
  const std::uint64_t used = thread.tail - ring.head.load(std::memory_order_acquire);
  const bool filling = by_pointer || used >= watermark_bytes(ring.size);
  if (tell) thread.ring->tail.store(thread.tail, std::memory_order_seq_cst);
  if (tell || filling) drain_signal().wake_if_sleeping(filling);
  set_soft_limit(thread);
  return pushed;
}

std::uint64_t waiting_bytes(const ThreadState& thread) {
  const Ring* ring = thread.draining;
  if (ring->next.load(std::memory_order_acquire) != nullptr) return ring->size;
  return ring->tail.load(std::memory_order_seq_cst) - ring->head.load(std::memory_order_relaxed);
}

void ring_internal::free_pointed(const std::uint8_t* at) {
  std::uint64_t words[2];
  std::memcpy(words, at + FrameHeader::kBytes, sizeof words);
  unmap_pages(reinterpret_cast<void*>(words[0]), words[1]);
}

}  // namespace nanospan::sdk
