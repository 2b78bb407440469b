// Pages are mapped when a thread is first sampled, and touched only as they are used. Threads: see the header.
#include "profile/sampler/sample_ring.h"

#include <sys/mman.h>

namespace nanospan::profile {

SampleRing::~SampleRing() {
  if (words_ != nullptr) ::munmap(words_, kWords * sizeof(std::uint64_t));
}

bool SampleRing::prepare() {
  if (words_ != nullptr) return true;
  void* const memory = ::mmap(nullptr, kWords * sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  words_ = static_cast<std::uint64_t*>(memory);
  return true;
}

}  // namespace nanospan::profile
