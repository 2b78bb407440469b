// OtlpTransport: one attempt to deliver one body to one receiver, over one protocol. OtlpExporter decides when, and
// what to do about the answer.
//
// For the thread of its loop; completions run there, later, never from within send() or cancel(), each exactly once,
// unless the transport is destroyed or abandoned first (then never).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "export/otlp/otlp_answer.h"
#include "net/event_loop.h"
#include "net/unique_function.h"

namespace nanospan::exporters {

/// Slices that stay as they are for as long as `owner` is held.
struct OtlpBody {
  std::vector<std::string_view> slices;
  std::shared_ptr<const void> owner;
};

class OtlpTransport {
 public:
  using RequestId = std::uint64_t;  ///< Never 0.
  using OnAnswer = net::UniqueFunction<void(Answer)>;

  virtual ~OtlpTransport() = default;
  virtual RequestId send(OtlpBody body, std::size_t span_count, base::Deadline deadline, OnAnswer done) = 0;
  virtual void cancel(RequestId id) = 0;
  /// Cancels all and closes the connections. The transport can be used again.
  virtual void cancel_all() = 0;
  /// In the child of a fork, after EventLoop::abandon_after_fork().
  virtual void abandon_after_fork() = 0;
};

/// Connects to nothing yet. `loop` outlives the transport.
using TransportFactory = std::function<Result<std::unique_ptr<OtlpTransport>>(net::EventLoop& loop)>;

}  // namespace nanospan::exporters
