// How the record of a tracer is found again by the scope that a view gives.
#include "sdk/trace/record.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

constexpr std::size_t kTracers = 1000;  // records live for ever, and a process has 65536

TEST(TracerOf, FindsEveryTracerByItsScopeAndNoOther) {
  ProviderCore& provider = make_provider_core();
  std::set<const TracerRecord*> found;
  for (std::size_t i = 0; i < kTracers; ++i) {
    const std::string name = "scope " + std::to_string(i);
    const TracerRecord* record = find_tracer(provider, {.name = name});
    const InstrumentationScope copy = record->scope;
    EXPECT_EQ(tracer_of(record->scope), record);
    EXPECT_EQ(tracer_of(copy), nullptr) << "known by its place, not by its name";
    found.insert(record);
  }
  EXPECT_EQ(found.size(), kTracers);
  for (const TracerRecord* record : found) EXPECT_EQ(tracer_of(record->scope), record);
}

TEST(TracerOf, WorksWhileTracersAreMade) {
  ProviderCore& provider = make_provider_core();
  const TracerRecord* first = find_tracer(provider, {.name = "first"});
  std::thread maker([&] {
    for (std::size_t i = 0; i < kTracers; ++i) {
      const std::string name = "made " + std::to_string(i);
      find_tracer(provider, {.name = name});
    }
  });
  for (std::size_t i = 0; i < kTracers; ++i) EXPECT_EQ(tracer_of(first->scope), first);
  maker.join();
}

}  // namespace
}  // namespace nanospan::sdk
