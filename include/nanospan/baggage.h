// Baggage: name-value pairs of the application that travel with a Context to other services.
//
// An immutable value; copies share one block and may be read from any thread. Works without an SDK. Names are non-empty
// UTF-8, values any UTF-8; both are case sensitive; metadata is opaque. Source: baggage/api.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/context.h>

namespace nanospan {
inline namespace v0 {

class Baggage {
 public:
  struct Entry {
    std::string name;
    std::string value;
    std::string metadata;  ///< W3C properties as written, without the leading ';'.
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  Baggage() = default;
  /// With all of `entries`, in one allocation. REQUIRES: names are not empty and differ.
  static Baggage of(std::vector<Entry> entries) { return Baggage(std::move(entries)); }

  /// The baggage of `context`, or an empty one.
  static Baggage from(const Context& context = Context::current()) {
    const Baggage* baggage = context.get(key());
    return baggage != nullptr ? *baggage : Baggage();
  }
  /// `context` with this baggage instead of its own.
  Context in(const Context& context = Context::current()) const { return context.with(key()(*this)); }

  /// The value of `name`, or null. Lives as long as this baggage.
  const std::string* get(std::string_view name) const {
    for (const Entry& entry : entries()) {
      if (entry.name == name) return &entry.value;
    }
    return nullptr;
  }
  /// With `name` set. An empty name changes nothing.
  Baggage set(std::string_view name, std::string_view value, std::string_view metadata = {}) const {
    if (name.empty()) return *this;
    std::vector<Entry> next = without(name);
    next.push_back({std::string(name), std::string(value), std::string(metadata)});
    return Baggage(std::move(next));
  }
  Baggage remove(std::string_view name) const { return Baggage(without(name)); }

  /// All entries, in the order they were set.
  const std::vector<Entry>& entries() const {
    static const std::vector<Entry> none;
    return entries_ != nullptr ? *entries_ : none;
  }
  bool empty() const { return entries().empty(); }
  std::size_t size() const { return entries().size(); }

 private:
  explicit Baggage(std::vector<Entry> entries)
      : entries_(std::make_shared<const std::vector<Entry>>(std::move(entries))) {}

  std::vector<Entry> without(std::string_view name) const {
    std::vector<Entry> kept;
    kept.reserve(size() + 1);
    for (const Entry& entry : entries()) {
      if (entry.name != name) kept.push_back(entry);
    }
    return kept;
  }
  static const ContextKey<Baggage>& key();

  std::shared_ptr<const std::vector<Entry>> entries_;
};

namespace detail {
// Weak, so that all libraries of a process agree on its address, which is the key's identity.
[[gnu::weak, gnu::visibility("default")]] inline constinit ContextKey<Baggage> baggage_key("baggage");
}  // namespace detail

inline const ContextKey<Baggage>& Baggage::key() { return detail::baggage_key; }

}  // namespace v0
}  // namespace nanospan
