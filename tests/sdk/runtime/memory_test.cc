#include "sdk/runtime/memory.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

TEST(Memory, ChargesWholePagesAndGivesThemBack) {
  const std::size_t before = mapped_bytes();
  void* pages = map_pages(5000, false);
  ASSERT_NE(pages, nullptr);
  EXPECT_EQ(mapped_bytes(), before + 8192);
  static_cast<unsigned char*>(pages)[8191] = 1;
  unmap_pages(pages, 5000);
  EXPECT_EQ(mapped_bytes(), before);
}

TEST(Memory, RefusesWhatWouldPassTheBound) {
  const std::size_t before = mapped_bytes();
  EXPECT_EQ(map_pages(kProducerBytesMax + 1, false), nullptr);
  EXPECT_EQ(map_pages(kProducerBytesMax - before + 4096, false), nullptr);
  EXPECT_EQ(mapped_bytes(), before) << "a refusal costs nothing";
  void* rest = map_pages(kProducerBytesMax - before, false);
  EXPECT_NE(rest, nullptr);
  EXPECT_EQ(map_pages(1, false), nullptr);
  unmap_pages(rest, kProducerBytesMax - before);
}

TEST(Memory, AForkedChildFindsZeros) {
  auto* wiped = static_cast<char*>(map_pages(4096, true));
  auto* kept = static_cast<char*>(map_pages(4096, false));
  std::memcpy(wiped, "secret", 7);
  std::memcpy(kept, "frames", 7);
  const pid_t child = fork();
  if (child == 0) _exit(wiped[0] == 0 && std::strcmp(kept, "frames") == 0 ? 0 : 1);
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_STREQ(wiped, "secret");
  unmap_pages(wiped, 4096);
  unmap_pages(kept, 4096);
}

}  // namespace
}  // namespace nanospan::sdk
