// The mapping and the order of its writes. Threads: see the header.
#include "sdk/resource/process_context.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "base/immortal.h"
#include "base/time.h"

namespace nanospan::sdk {
namespace {

constexpr char kName[] = "OTEL_CTX";
constexpr std::uint32_t kVersion = 2;

struct Header {
  char signature[8];
  std::uint32_t version;
  std::uint32_t payload_size;
  std::uint64_t published_boot_nanos;  // CLOCK_BOOTTIME; 0: a change is under way
  const char* payload;
};
static_assert(sizeof(Header) == 32);

struct Published {
  Header* header = nullptr;
  pid_t process = 0;
  std::unique_ptr<const std::string> payload;
};

Published& published() {
  static base::Immortal<Published> state;
  return *state;
}

// Anonymous memory where memfd_create is forbidden; then the name that prctl gives is all there is.
Header* map_header() {
  const int file = ::memfd_create(kName, MFD_CLOEXEC);
  const bool sized = file >= 0 && ::ftruncate(file, sizeof(Header)) == 0;
  void* const memory = ::mmap(nullptr, sizeof(Header), PROT_READ | PROT_WRITE,
                              sized ? MAP_PRIVATE : MAP_PRIVATE | MAP_ANONYMOUS, sized ? file : -1, 0);
  if (file >= 0) ::close(file);
  if (memory == MAP_FAILED) return nullptr;
  if (::madvise(memory, sizeof(Header), MADV_DONTFORK) != 0) {
    ::munmap(memory, sizeof(Header));
    return nullptr;
  }
  return static_cast<Header*>(memory);
}

std::uint64_t boot_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * base::kNanosPerSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

// An exchange, so that for readers, who stand outside of the language, no store passes it on either side.
void set_time(Header& header, std::uint64_t boot_nanos) {
  std::atomic_ref(header.published_boot_nanos).exchange(boot_nanos, std::memory_order_seq_cst);
}

}  // namespace

bool publish_process_context(std::string payload) {
  Published& state = published();
  if (state.header != nullptr && state.process != ::getpid()) state.header = nullptr;  // the parent's, not mapped here
  if (state.header == nullptr) state.header = map_header();
  if (state.header == nullptr) return false;
  Header& header = *state.header;
  auto next = std::make_unique<const std::string>(std::move(payload));
  state.process = ::getpid();
  set_time(header, 0);
  header.version = kVersion;
  header.payload_size = static_cast<std::uint32_t>(next->size());
  header.payload = next->data();
  set_time(header, boot_now());
  std::memcpy(header.signature, kName, sizeof header.signature);
  // Names the mapping where the kernel can; the call itself is what tracers of the system hook.
  ::prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, &header, sizeof header, kName);
  state.payload = std::move(next);
  return true;
}

}  // namespace nanospan::sdk
