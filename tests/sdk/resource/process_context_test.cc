#include "sdk/resource/process_context.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

namespace nanospan::sdk {
namespace {

// As a reader does it: OTEP 4719, "Reading Protocol". "" if there is none.
std::string read_context() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("OTEL_CTX") == std::string::npos) continue;
    const char* const at = reinterpret_cast<const char*>(std::stoull(line.substr(0, line.find('-')), nullptr, 16));
    std::uint32_t size = 0;
    const char* payload = nullptr;
    std::memcpy(&size, at + 12, sizeof size);
    std::memcpy(&payload, at + 24, sizeof payload);
    return std::memcmp(at, "OTEL_CTX", 8) == 0 ? std::string(payload, size) : "";
  }
  return {};
}

TEST(ProcessContext, IsFoundByItsNameAndReplacedInPlace) {
  EXPECT_TRUE(publish_process_context("first"));
  EXPECT_EQ(read_context(), "first");
  EXPECT_TRUE(publish_process_context("the second, which is longer than any string that lies in itself"));
  EXPECT_EQ(read_context(), "the second, which is longer than any string that lies in itself");
}

TEST(ProcessContext, AForkedChildHasNotThatOfItsParent) {
  ASSERT_TRUE(publish_process_context("parent"));
  const pid_t child = fork();
  if (child == 0) {
    if (read_context() == "parent") _exit(1);
    if (!publish_process_context("child") || read_context() != "child") _exit(2);
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_context(), "parent");
}

}  // namespace
}  // namespace nanospan::sdk
