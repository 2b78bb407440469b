// Small deterministic damage to bytes, for differential tests: the same seed gives the same inputs on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace nanospan::golden {

/// splitmix64: a whole generator in five lines, the same everywhere (std:: distributions differ between libraries).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }
  /// In [0, limit). REQUIRES: limit > 0.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }

 private:
  std::uint64_t state_;
};

/// One to four edits: flipped bits, bytes that matter to the format, removed, doubled and moved ranges, a cut.
inline std::string mutate(std::string bytes, Random& random) {
  static constexpr char kTelling[] = {0x00, 0x01, 0x02, 0x07,   0x08,   0x0A,   0x0B,  0x0C,
                                      0x12, 0x1A, 0x7F, '\x80', '\xC0', '\xED', '\xFF'};
  for (std::size_t edits = 1 + random.below(4); edits > 0 && !bytes.empty(); --edits) {
    const std::size_t at = random.below(bytes.size());
    const std::size_t size = random.below(std::min<std::size_t>(bytes.size() - at, 24) + 1);
    switch (random.below(8)) {
      case 0:
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 2:
        bytes[at] = kTelling[random.below(sizeof kTelling)];
        break;
      case 3:
        bytes[at] = static_cast<char>(random.next());
        break;
      case 4:
        bytes.erase(at, size);
        break;
      case 5:
        bytes.insert(at, bytes.substr(at, size));
        break;
      case 6:
        bytes.insert(random.below(bytes.size()), bytes.substr(at, size));
        break;
      default:
        if (random.below(4) == 0) bytes.resize(at);
        break;
    }
  }
  return bytes;
}

}  // namespace nanospan::golden
