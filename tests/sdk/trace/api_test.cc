// Copies of other layout revisions (docs/decisions/0001): the SDK cannot serve them, and says so.
#include "sdk/trace/api.h"

#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>

#include <string>
#include <vector>

#include "tests/support/exporting_provider.h"

namespace nanospan::sdk {
namespace {

// Bits that no revision will have for long; each is warned of once in a process.
std::uint32_t unheard_of = 40;

class LayoutMismatch : public ::testing::Test {
 protected:
  LayoutMismatch() {
    set_error_handler([this](std::string_view, std::string_view line) { lines_.emplace_back(line); });
  }
  ~LayoutMismatch() override {
    set_error_handler(nullptr);
    nanospan_layouts.used.store(0);
  }

  const std::uint32_t other_ = unheard_of++;
  const std::string name_ = "revision " + std::to_string(other_);
  std::vector<std::string> lines_;
};

TEST_F(LayoutMismatch, OfTracersMadeBeforeTheSdkIsWarnedOfOnce) {
  nanospan_layouts.used.fetch_or(std::uint64_t{1} << other_);
  for (int i = 0; i < 3; ++i) install_api();
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find(name_), std::string::npos);
}

TEST_F(LayoutMismatch, OfTracersMadeLaterIsWarnedOfOnce) {
  install_api();
  for (int i = 0; i < 3; ++i) nanospan_layouts.mismatch.load()(other_);  // as their note_layout() does
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find(name_), std::string::npos);
}

TEST_F(LayoutMismatch, CopiesOfThisRevisionAreNoReasonToWarn) {
  testing::ExportingProvider sdk;
  sdk.tracer().start_span("span").end();
  EXPECT_NE(nanospan_layouts.used.load() & std::uint64_t{1} << detail::kLayout, 0U);
  EXPECT_EQ(nanospan_layouts.sdk.load(), detail::kLayout);
  install_api();
  EXPECT_TRUE(lines_.empty());
}

}  // namespace
}  // namespace nanospan::sdk
