// layout: the structures of the hot path, member by member, with offsets, sizes and cache lines. Sizes, and the offsets
// of what inlined code reads, are pinned by static_asserts next to the structures. Run by `make bench`.
#include <cstddef>
#include <cstdio>

#include <nanospan/context.h>
#include <nanospan/detail/abi.h>
#include <nanospan/tracer.h>

namespace {

using namespace nanospan::detail;

constexpr std::size_t kLine = 64;

void begin(const char* name, std::size_t size, std::size_t alignment) {
  std::printf("\n%s: %zu bytes, aligned to %zu, %zu cache line(s)\n", name, size, alignment,
              (size + kLine - 1) / kLine);
}

void member(const char* name, std::size_t offset, std::size_t size) {
  std::printf("  line %2zu  %5zu  %5zu  %s\n", offset / kLine, offset, size, name);
}

#define STRUCT(type) begin(#type, sizeof(type), alignof(type))
#define MEMBER(type, name) member(#name, offsetof(type, name), sizeof(type::name))

void print_slab() {
  STRUCT(Slab);
  MEMBER(Slab, cursor);
  MEMBER(Slab, limit);
  MEMBER(Slab, bloom);
  MEMBER(Slab, start);
  MEMBER(Slab, keys);
  MEMBER(Slab, cold);
  MEMBER(Slab, next);
  MEMBER(Slab, owner);
  MEMBER(Slab, frame_word);
  MEMBER(Slab, core);
  MEMBER(Slab, body);
  MEMBER(Slab, generation);
  MEMBER(Slab, budget);
  MEMBER(Slab, dropped_attributes);
  MEMBER(Slab, dropped_events);
  MEMBER(Slab, dropped_links);
  MEMBER(Slab, status);
  MEMBER(Slab, lock);
  MEMBER(Slab, holders);
  MEMBER(Slab, extra);
  MEMBER(Slab, fingerprints);
  MEMBER(Slab, buffer);
}

void print_thread_state() {
  STRUCT(ThreadState);
  MEMBER(ThreadState, random);
  MEMBER(ThreadState, free);
  MEMBER(ThreadState, clock);
  MEMBER(ThreadState, tail);
  MEMBER(ThreadState, soft);
  MEMBER(ThreadState, ring_base);
  MEMBER(ThreadState, ring_mask);
  MEMBER(ThreadState, ring);
  MEMBER(ThreadState, returned);
  MEMBER(ThreadState, slabs);
  MEMBER(ThreadState, carve);
  MEMBER(ThreadState, carve_end);
  MEMBER(ThreadState, draining);
  MEMBER(ThreadState, ended);
  MEMBER(ThreadState, dropped_ring);
  MEMBER(ThreadState, next_registered);
  MEMBER(ThreadState, in_use);
}

void print_shared() {
  STRUCT(Ring);
  MEMBER(Ring, tail);
  MEMBER(Ring, head);
  MEMBER(Ring, busy_rounds);
  MEMBER(Ring, touched);
  MEMBER(Ring, larger);
  MEMBER(Ring, base);
  MEMBER(Ring, size);
  MEMBER(Ring, next);
  STRUCT(TracerCore);
  MEMBER(TracerCore, mode);
  MEMBER(TracerCore, unchecked_keys);
  MEMBER(TracerCore, budget);
  MEMBER(TracerCore, threshold);
  MEMBER(TracerCore, frame_word);
  MEMBER(TracerCore, bloom_seed);
  STRUCT(ThreadLocals);
  MEMBER(ThreadLocals, state);
  MEMBER(ThreadLocals, current);
}

}  // namespace

int main() {
  std::printf("        offset   size  member");
  print_slab();
  print_thread_state();
  print_shared();
  begin("Span", sizeof(nanospan::Span), alignof(nanospan::Span));
  begin("SpanContext", sizeof(nanospan::SpanContext), alignof(nanospan::SpanContext));
  begin("Scope", sizeof(nanospan::Scope), alignof(nanospan::Scope));
  return 0;
}
