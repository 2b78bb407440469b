// What the torture loads and unloads: code that calls back, so that its frames are in the middle of stacks.
#include <cstdint>

extern "C" __attribute__((visibility("default"))) std::uint64_t plugin_work(std::uint64_t (*back)(std::uint64_t),
                                                                            std::uint64_t seed) {
  volatile std::uint64_t local[64] = {seed};
  for (int i = 1; i < 64; ++i) local[i] = local[i - 1] * 6364136223846793005u + 1;
  return back(local[63]) + local[7];
}
