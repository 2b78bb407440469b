// The files that describe this machine and process (/proc, /etc), under a root that tests replace by a fixture tree.
//
// A value; reads at each call, keeps nothing. Reads are bounded: some of these files are as long as somebody else
// likes.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace nanospan::sdk {

class FileRoot {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  /// `root` is put before every path; empty = the machine's own.
  explicit FileRoot(std::string root = {}) : root_(std::move(root)) {}

  /// The first kBytesMax bytes of the file, or nothing if it cannot be read. `path` begins with '/'.
  std::string read(std::string_view path) const;
  /// Where the symbolic link leads, or nothing.
  std::string link(std::string_view path) const;
  /// The first line of the file without its newline, or nothing.
  std::string first_line(std::string_view path) const;

 private:
  std::string root_;
};

/// The next line of `rest` without its newline, which is removed from `rest`. REQUIRES: `rest` is not empty.
std::string_view next_line(std::string_view& rest);

/// What follows the last '/' of `path`.
std::string_view base_name(std::string_view path);

/// The path of this process's executable, or nothing.
std::string executable_path(const FileRoot& files);

}  // namespace nanospan::sdk
