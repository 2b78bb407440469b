// Runs a fuzz target over the files of a corpus, without libFuzzer: what was found once is tried again by every
// compiler and sanitizer, in the ordinary test run.
//
//   NAME_fuzz PATH...      files, or folders whose files are all taken (sorted, so that a run can be repeated)
//
// Each input is also tried cut in half and with its last byte turned, so that a small corpus reaches the truncation
// paths. An empty corpus is an error: a test that tries nothing proves nothing. One thread; the input buffer has the
// exact size of the input on the heap, so that AddressSanitizer sees a read of one byte too many.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<std::filesystem::path> inputs_of(const std::filesystem::path& place) {
  if (!std::filesystem::is_directory(place)) return {place};
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place)) {
    if (entry.is_regular_file()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

void try_input(const Bytes& input) {
  const Bytes exact(input.begin(), input.end());  // capacity == size
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

bool replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    return false;
  }
  const Bytes input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  try_input(input);
  if (input.empty()) return true;
  try_input(Bytes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(input.size() / 2)));
  Bytes turned = input;
  turned.back() = static_cast<std::uint8_t>(~turned.back());
  try_input(turned);
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t tried = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& path : inputs_of(arguments[i])) {
      if (!replay(path)) return 1;
      ++tried;
    }
  }
  std::printf("%zu inputs\n", tried);
  if (tried == 0) std::fprintf(stderr, "no input: give files or a corpus folder that has some\n");
  return tried == 0 ? 1 : 0;
}
