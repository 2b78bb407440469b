// What the lifecycle programs share: a check that ends the process with a line, an exporter that counts, and a provider
// with one batch pipeline.
//
// They are programs of their own, not cases of a test program, because they end, fork, or take away what a process has.
#pragma once

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/tracer_provider.h>

namespace nanospan::lifecycle {

/// Ends the process at once, without running anything else, unless `holds`.
inline void require(bool holds, std::string_view what, const char* file = __builtin_FILE(),
                    int line = __builtin_LINE()) {
  if (holds) return;
  const std::string said = std::string(file) + ":" + std::to_string(line) + ": not so: " + std::string(what) + "\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, said.data(), said.size());
  _exit(1);
}

/// The program's first argument as a number: how often it does what it does.
inline int repeats(int argument_count, char** arguments) {
  int value = 0;
  require(argument_count == 2, "the number of repeats is the one argument");
  const std::string_view text = arguments[1];
  require(std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc(), "it is a number");
  return value;
}

/// How much a program that "does not grow" may grow. Measured: 0.3 to 1.6 MiB, however long it runs. That is each
/// producer's ring, which grows to 1 MiB when the machine is busy and the ones before it, a batch or two, and what
/// malloc keeps of those in the arenas of the export thread and the worker. AddressSanitizer keeps freed blocks for a
/// while; ThreadSanitizer remembers, in four bytes or more, each one that was ever touched.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint64_t kGrowthMax = 400U << 20;
#elif defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kGrowthMax = 32U << 20;
#else
inline constexpr std::uint64_t kGrowthMax = 8U << 20;
#endif

/// Bytes of memory that this process holds.
inline std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    char text[128] = {};
    const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
    std::fclose(file);
    const std::string_view words(text, size);
    const std::size_t second = words.find(' ') + 1;
    std::from_chars(words.data() + second, words.data() + size, pages);
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Counts what it exports; `on_batch`, if given, sees each batch first. Checks that no two of its calls overlap and
/// that nothing comes after its one shutdown.
class CountingExporter final : public SpanExporter {
 public:
  using OnBatch = std::function<ExportResult(const SpanBatch&)>;

  explicit CountingExporter(std::shared_ptr<std::atomic<std::uint64_t>> count, OnBatch on_batch = nullptr)
      : count_(std::move(count)), on_batch_(std::move(on_batch)) {}
  ExportResult export_spans(const SpanBatch& batch) override {
    const Turn turn(*this);
    ExportResult result;
    if (on_batch_) result = on_batch_(batch);
    if (result.success) count_->fetch_add(batch.span_count());
    return result;
  }

  FlushResult flush(std::uint64_t) override {
    const Turn turn(*this);
    return FlushResult::kSuccess;
  }
  void shutdown(std::uint64_t) override {
    const Turn turn(*this);
    shut_down_ = true;
  }

 private:
  struct Turn {
    explicit Turn(CountingExporter& exporter) : exporter_(exporter) {
      // By process, as a child may be forked while its parent is inside.
      require(exporter_.inside_.exchange(getpid()) != getpid(), "no two calls of an exporter overlap");
      require(!exporter_.shut_down_, "shutdown is the last call");
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { exporter_.inside_ = 0; }
    CountingExporter& exporter_;
  };

  std::shared_ptr<std::atomic<std::uint64_t>> count_;
  OnBatch on_batch_;
  std::atomic<int> inside_{0};
  bool shut_down_ = false;  // of who is inside
};

/// A provider with one batch pipeline, whose ledger outlives it.
struct Sdk {
  std::shared_ptr<std::atomic<std::uint64_t>> exported = std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<SpanProcessor> processor;
  std::unique_ptr<TracerProvider> provider;
  Tracer tracer;

  /// `first`, if given, sees each span before the batch processor does.
  explicit Sdk(BatchOptions options = {}, CountingExporter::OnBatch on_batch = nullptr,
               std::shared_ptr<SpanProcessor> first = nullptr)
      : processor(batch_processor(std::make_unique<CountingExporter>(exported, std::move(on_batch)), options)),
        provider(make_provider({std::move(first), processor})),
        tracer(provider->tracer({.name = "lifecycle"})) {}

  Ledger ledger() const { return ledger_of(*processor); }

 private:
  static std::unique_ptr<TracerProvider> make_provider(std::vector<std::shared_ptr<SpanProcessor>> processors) {
    TracerProviderOptions options;
    std::erase(processors, nullptr);
    options.processors = std::move(processors);
    auto created = TracerProvider::create(std::move(options));
    require(created.ok(), "a provider can be made");
    return std::make_unique<TracerProvider>(std::move(created).value());
  }
};

/// A queue that never overflows in these programs, so that every span must arrive.
inline BatchOptions roomy() {
  BatchOptions options = BatchOptions::high_throughput();
  options.queue_spans_max = 1U << 20;
  options.queue_bytes_max = 1U << 30;
  options.schedule_delay_ms = 100;
  return options;
}

}  // namespace nanospan::lifecycle
