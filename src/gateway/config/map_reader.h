// MapReader: takes typed values out of one map of a configuration and complains in one line about what does not fit.
//
// Each component reads its keys through one of these and ends with finish(), which names every key that was not asked
// for together with the nearest known one. As in the Collector, nothing is converted weakly: a quoted "5" is no number,
// and true is no string. A reader refers to the node and the diagnostics and must not outlive them. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/config/diagnostics.h"
#include "gateway/config/node.h"

namespace nanospan::gateway {

class MapReader {
 public:
  static constexpr std::uint64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();

  /// `path` is what messages call this map ("receivers.otlp"). A null node is an empty map.
  MapReader(const ConfigNode& node, std::string path, Diagnostics& diagnostics);

  /// Each read leaves `out` alone if the key is absent or null, and complains if the value does not fit.
  void read(std::string_view key, std::string& out);
  /// The same for a text that no message may quote and no command may print.
  void read_secret(std::string_view key, std::string& out);
  void read(std::string_view key, bool& out);
  void read(std::string_view key, double& out, double min, double max);
  void read(std::string_view key, std::uint64_t& out, std::uint64_t min = 0, std::uint64_t max = kIntegerMax);
  void read_duration(std::string_view key, std::uint64_t& nanos);
  void read_bytes(std::string_view key, std::uint64_t& bytes, std::uint64_t min = 0);
  void read_list(std::string_view key, std::vector<std::string>& out);
  void read_secret_list(std::string_view key, std::vector<std::string>& out);
  /// A map of strings, or the Collector's other form of it, a list of {name, value}. The values are secrets: headers.
  void read_pairs(std::string_view key, std::vector<std::pair<std::string, std::string>>& out);
  /// One of `choices`; complains with the whole list otherwise.
  void read_choice(std::string_view key, const std::vector<std::string_view>& choices, std::string& out);

  /// True if the key is there, with or without a value.
  bool has(std::string_view key);
  /// A reader of the map under `key`, or nothing if the key is absent. "key:" without a value is there, and empty.
  std::optional<MapReader> child(std::string_view key);
  /// Calls `read` with a reader of each map in the list under `key`.
  void read_each(std::string_view key, const std::function<void(MapReader&)>& read);
  /// The node under `key`, or nullptr, for values that are read another way.
  const ConfigNode* node(std::string_view key);

  /// Keys of the Collector that this build does not do: an error, if given, that names the remedy.
  void refuse(std::string_view key, std::string_view remedy);
  /// Keys of the Collector that have no meaning here: accepted, with a warning that says why.
  void ignore(std::string_view key, std::string_view why);

  /// Warns about the value of `key`.
  void warn(std::string_view key, std::string_view text);
  /// Complains about the value of `key` (or about the whole map, if the key is not there).
  void fail(std::string_view key, std::string_view text);
  /// Complains about every key that nothing asked for. Call last.
  void finish();

  int line() const { return node_->line; }
  const std::string& path() const { return path_; }

 private:
  const ConfigNode* scalar(std::string_view key, std::string_view wanted);
  std::string path_to(std::string_view key) const;
  void wrong_type(const ConfigNode& value, std::string_view key, std::string_view wanted);

  const ConfigNode* node_;
  bool was_map_ = true;  // or nothing; else that has been complained about
  std::string path_;
  Diagnostics* diagnostics_;
  std::vector<std::string_view> known_;
};

}  // namespace nanospan::gateway
