// What a profiler in another process sees: the resource (OTEP 4719) and the span that is current on a thread (OTEP
// 4947), read with ptrace and process_vm_readv alone, as those papers say.
//
// The process that is looked at is a child by fork and exec: this program once more, whose worker enters and leaves two
// nested scopes without end.
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include <nanospan/context.h>
#include <nanospan/tracer_provider.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

constexpr int kProbes = 100;
constexpr int kSkipped = 77;

std::string name_of(const SpanContext& context) { return context.trace_id().to_hex() + context.span_id().to_hex(); }

// The process that is looked at: says "TID OUTER INNER\n", and goes on until it is killed.
[[noreturn]] void be_looked_at() {
  Sdk sdk;
  sdk.provider->set_default();
  std::thread worker([&sdk] {
    const Span outer = sdk.tracer.start_span("outer");
    const Span inner = sdk.tracer.start_span("inner");
    const std::string line =
        std::to_string(syscall(SYS_gettid)) + " " + name_of(outer.context()) + " " + name_of(inner.context()) + "\n";
    require(write(STDOUT_FILENO, line.data(), line.size()) > 0, "the reader listens");
    while (true) {
      const Scope around(outer);
      const Scope within(inner);
    }
  });
  worker.join();
  _exit(0);
}

class Reader {
 public:
  explicit Reader(pid_t process) : process_(process) {}

  void read(std::uint64_t address, void* to, std::size_t size) const {
    const iovec here{to, size};
    const iovec there{reinterpret_cast<void*>(address), size};
    require(process_vm_readv(process_, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size), "memory can be read");
  }

  /// Where the mapping begins whose line in /proc/PID/maps ends with something of `name`.
  std::optional<std::uint64_t> mapping(std::string_view name) const {
    std::ifstream maps("/proc/" + std::to_string(process_) + "/maps");
    for (std::string line; std::getline(maps, line);) {
      if (line.find(name) != std::string::npos) return std::stoull(line.substr(0, line.find('-')), nullptr, 16);
    }
    return std::nullopt;
  }

 private:
  const pid_t process_;
};

void check_process_context(const Reader& reader) {
  const std::optional<std::uint64_t> at = reader.mapping("OTEL_CTX");
  require(at.has_value(), "the process context has its name in the list of mappings");
  struct {
    std::array<char, 8> signature;
    std::uint32_t version, payload_size;
    std::uint64_t published, payload;
  } header{};
  reader.read(*at, &header, sizeof header);
  require(std::string_view(header.signature.data(), 8) == "OTEL_CTX" && header.version == 2, "signature and version");
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const auto boot_nanos =
      static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
  require(header.published != 0 && header.published <= boot_nanos, "it was published since the machine started");
  std::string payload(header.payload_size, '\0');
  reader.read(header.payload, payload.data(), payload.size());
  // KeyValue{key = 1, value = 2: AnyValue{string_value = 1}}
  const auto has = [&](std::string_view key, std::string_view value) {
    std::string bytes = {'\x0A', static_cast<char>(key.size())};
    bytes.append(key).append({'\x12', static_cast<char>(value.size() + 2), '\x0A', static_cast<char>(value.size())});
    return payload.find(bytes.append(value)) != std::string::npos;
  };
  require(payload[0] == '\x0A', "ProcessContext.resource comes first");
  require(has("telemetry.sdk.name", "nanospan"), "the resource is in it");
  require(has("threadlocal.schema_version", "tlsdesc_v1_dev"), "and that threads have records");
}

/// How far below the thread pointer the main program's otel_thread_ctx_v1 is: the "variant II" of x86-64's
/// thread-local storage, where the program's block ends at the thread pointer.
std::uint64_t offset_of_record(pid_t process) {
  const int file = open(("/proc/" + std::to_string(process) + "/exe").c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about {};
  require(file >= 0 && fstat(file, &about) == 0, "the program's file is there");
  const auto size = static_cast<std::size_t>(about.st_size);
  const auto* image = static_cast<const char*>(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0));
  const auto* elf = reinterpret_cast<const Elf64_Ehdr*>(image);
  std::uint64_t block = 0;
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(image + elf->e_phoff);
  for (int i = 0; i < elf->e_phnum; ++i) {
    if (segments[i].p_type != PT_TLS) continue;
    block = (segments[i].p_memsz + segments[i].p_align - 1) / segments[i].p_align * segments[i].p_align;
  }
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(image + elf->e_shoff);
  for (int i = 0; i < elf->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    const char* const names = image + sections[sections[i].sh_link].sh_offset;
    const auto* symbols = reinterpret_cast<const Elf64_Sym*>(image + sections[i].sh_offset);
    for (std::size_t s = 0; s < sections[i].sh_size / sizeof(Elf64_Sym); ++s) {
      const bool is_record = std::string_view(names + symbols[s].st_name) == "otel_thread_ctx_v1";
      if (is_record && ELF64_ST_TYPE(symbols[s].st_info) == STT_TLS) return block - symbols[s].st_value;
    }
  }
  require(false, "otel_thread_ctx_v1 is a thread-local symbol that the program exports");
  return 0;
}

/// The names of the span that is current on the stopped thread; "" for none.
std::string current_span(const Reader& reader, pid_t thread, std::uint64_t offset) {
  user_regs_struct registers{};
  require(ptrace(PTRACE_GETREGS, thread, nullptr, &registers) == 0, "a stopped thread's registers can be read");
  std::uint64_t record_at = 0;
  reader.read(registers.fs_base - offset, &record_at, sizeof record_at);
  if (record_at == 0) return {};
  struct {
    std::array<std::uint8_t, 16> trace_id;
    std::array<std::uint8_t, 8> span_id;
    std::uint8_t valid, flags;
    std::uint16_t attribute_bytes;
  } record{};
  static_assert(sizeof record == 28);
  reader.read(record_at, &record, sizeof record);
  require(record.valid == 1 && record.attribute_bytes == 0, "what a thread points at is a whole record");
  require((record.flags & TraceFlags::kSampled) != 0, "with the flags of its span");
  std::string name;
  for (const auto& bytes : {std::string(record.trace_id.begin(), record.trace_id.end()),
                            std::string(record.span_id.begin(), record.span_id.end())}) {
    for (const char c : bytes) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      name += {kDigits[static_cast<unsigned char>(c) >> 4], kDigits[static_cast<unsigned char>(c) & 15]};
    }
  }
  return name;
}

// False: this system lets nobody look into another process.
bool look(pid_t process, pid_t thread, const std::string& outer, const std::string& inner) {
  const Reader reader(process);
  if (ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) return false;
  check_process_context(reader);
  const std::uint64_t offset = offset_of_record(process);
  int in_outer = 0, in_inner = 0;
  // Until both were met often enough: a thread that is stopped all the time hardly moves.
  while (in_outer < kProbes || in_inner < kProbes) {
    require(ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) == 0, "a thread can be stopped");
    int status = 0;
    require(waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status), "and it does stop");
    const std::string seen = current_span(reader, thread, offset);
    require(seen.empty() || seen == outer || seen == inner, "it is one of the two spans, whole: " + seen);
    in_outer += seen == outer;
    in_inner += seen == inner;
    require(ptrace(PTRACE_CONT, thread, nullptr, nullptr) == 0, "and runs on");
  }
  return true;
}

int look_at_another_process(const char* program) {
  std::array<int, 2> pipe_ends{};
  require(pipe(pipe_ends.data()) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // it never ends by itself
    dup2(pipe_ends[1], STDOUT_FILENO);
    execl("/proc/self/exe", program, "looked_at", nullptr);
    _exit(127);
  }
  std::array<char, 256> line{};
  const ssize_t size = ::read(pipe_ends[0], line.data(), line.size());
  require(size > 0, "the other process says who it is");
  std::istringstream words(std::string(line.data(), static_cast<std::size_t>(size)));
  pid_t thread = 0;
  std::string outer, inner;
  words >> thread >> outer >> inner;
  const bool could_look = look(child, thread, outer, inner);
  kill(child, SIGKILL);
  while (waitpid(-1, nullptr, __WALL) > 0) {  // also the thread, whose tracer this is
  }
  return could_look ? 0 : kSkipped;
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int argument_count, char** arguments) {
  if (argument_count > 1) nanospan::lifecycle::be_looked_at();
  return nanospan::lifecycle::look_at_another_process(arguments[0]);
}
