// Propagators: carry a Context across processes in text headers.
//
// Immutable, thread-safe. Injecting and extracting never fail: malformed headers leave the context as it was.
// Source: context/api-propagators.md; formats: W3C Trace Context Level 2, W3C Baggage, OpenZipkin B3.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/context.h>
#include <nanospan/detail/abi.h>

namespace nanospan {
inline namespace v0 {

/// Writes headers into a carrier.
class TextMapSetter {
 public:
  virtual ~TextMapSetter() = default;
  /// Sets `key`, replacing earlier values. Keys are given in lower case where the format allows it.
  virtual void set(std::string_view key, std::string_view value) = 0;
};

/// Reads headers from a carrier. Key comparison is case-insensitive for HTTP.
class TextMapGetter {
 public:
  virtual ~TextMapGetter() = default;
  /// The first value of `key`, or an empty view. Valid until the next call.
  virtual std::string_view get(std::string_view key) const = 0;
  /// All values of `key`, in order, for headers that occur several times (api-propagators.md "GetAll").
  virtual std::vector<std::string> get_all(std::string_view key) const {
    const std::string_view one = get(key);
    return one.data() == nullptr ? std::vector<std::string>() : std::vector<std::string>{std::string(one)};
  }
  /// All keys, for formats whose keys are not fixed (api-propagators.md "Keys"). The built-in formats never ask.
  virtual std::vector<std::string> keys() const { return {}; }
};

/// One format, or several together. A propagator of the user must be thread-safe; what it throws is caught and
/// reported.
class TextMapPropagator {
 public:
  virtual ~TextMapPropagator() = default;
  /// Sets the headers that carry `context`; none where there is nothing to carry.
  virtual void inject(const Context& context, TextMapSetter& carrier) const = 0;
  /// `context` with what the carrier has; unchanged if it has nothing valid.
  virtual Context extract(const Context& context, const TextMapGetter& carrier) const = 0;
  /// The headers that inject() may set.
  virtual std::vector<std::string> fields() const = 0;
};

using PropagatorPtr = std::shared_ptr<const TextMapPropagator>;

PropagatorPtr trace_context_propagator();  ///< traceparent, tracestate.
PropagatorPtr baggage_propagator();        ///< baggage.
PropagatorPtr b3_propagator();             ///< Injects the single header `b3`; extracts single, then multi.
PropagatorPtr b3_multi_propagator();       ///< Injects X-B3-*; extracts single, then multi.
/// All of `parts`, in order.
PropagatorPtr composite_propagator(std::vector<PropagatorPtr> parts);

/// The process's propagator, set by start(); does nothing until then. Source: api-propagators.md "Global Propagators".
inline void inject(TextMapSetter& carrier, const Context& context = Context::current());
inline Context extract(const TextMapGetter& carrier, const Context& context = Context::current());
/// Replaces the process's propagator. Thread-safe.
void set_propagator(PropagatorPtr propagator);

inline void inject(TextMapSetter& carrier, const Context& context) {
  if (const detail::Api* api = detail::api()) api->propagator().inject(context, carrier);
}
inline Context extract(const TextMapGetter& carrier, const Context& context) {
  if (const detail::Api* api = detail::api()) return api->propagator().extract(context, carrier);
  return context;
}

}  // namespace v0
}  // namespace nanospan
