// Profile: a finished profile, whatever it measures, ready to be written in any format. Close to pprof's own model
// (google/pprof proto/profile.proto), with strings as strings.
//
// A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nanospan::profile {

struct ValueType {
  std::string type;  ///< "cpu"
  std::string unit;  ///< "nanoseconds"
};

struct ProfileMapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
  std::string path;
  std::string build_id;
};

struct ProfileLine {
  std::string function;
  std::string file;  ///< Empty: not known.
  std::int64_t line = 0;
};

/// One place in the code.
struct ProfileFrame {
  std::uint64_t address = 0;
  std::int32_t mapping = -1;  ///< Index, or -1.
  std::string function;
  std::string file;  ///< Empty: not known.
  std::int64_t line = 0;
  std::vector<ProfileLine> inlined = {};  ///< What is inlined into `function` here, from the inside out.
};

struct ProfileLabel {
  std::string key;
  std::string text;  ///< Empty: `number` counts.
  std::int64_t number = 0;
  std::string unit;  ///< Of the number.
};

struct ProfileSample {
  std::vector<std::uint32_t> frames;  ///< Indices, leaf first.
  std::vector<std::int64_t> values;   ///< One for each type.
  std::vector<ProfileLabel> labels;
};

struct Profile {
  std::vector<ValueType> types;
  std::size_t default_type = 0;
  ValueType period_type;
  std::int64_t period = 0;
  std::uint64_t time_unix_nanos = 0;
  std::uint64_t duration_nanos = 0;
  std::vector<std::string> comments;
  bool has_lines = false;  ///< Files, lines and inlined functions were looked for.
  std::vector<ProfileMapping> mappings;
  std::vector<ProfileFrame> frames;
  std::vector<ProfileSample> samples;
};

}  // namespace nanospan::profile
