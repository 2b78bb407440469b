// Diagnostics: how Nanospan tells its user what went wrong, without logging, throwing or aborting.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace nanospan {
inline namespace v0 {

/// Called with the component (for example "otlp_http") and one line. At most one call per reason per interval; never
/// from the hot path. May throw; must be thread-safe. Source: error-handling.md.
using ErrorHandler = std::function<void(std::string_view component, std::string_view message)>;

/// Replaces the handler; null restores the default, which writes to standard error. Thread-safe.
void set_error_handler(ErrorHandler handler);

/// Recording spans that this process, a forked child, inherited and tried to end. They are its parent's, and stand
/// outside of every ledger here.
std::uint64_t inherited_spans();

/// While it lives, spans started on this thread do not record. Exporters use it so that telemetry never traces itself.
class SuppressTracing {
 public:
  SuppressTracing();
  SuppressTracing(const SuppressTracing&) = delete;
  SuppressTracing& operator=(const SuppressTracing&) = delete;
  ~SuppressTracing();

 private:
  void* saved_;
  bool outer_;
};

}  // namespace v0
}  // namespace nanospan
