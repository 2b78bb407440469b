// resource/sdk.md: creation, merge, defaults, detection.
#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>
#include <nanospan/resource.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "sdk/resource/detectors.h"
#include "sdk/resource/resource_fields.h"
#include "tests/sdk/resource/fixture_tree.h"

namespace nanospan {
namespace {

constexpr std::string_view kUrlA = "https://example.com/a";
constexpr std::string_view kUrlB = "https://example.com/b";

class ResourceTest : public ::testing::Test {
 protected:
  ResourceTest() {
    set_error_handler([this](std::string_view, std::string_view message) { reports_.emplace_back(message); });
  }
  ~ResourceTest() override { set_error_handler(nullptr); }

  std::vector<std::string> reports_;
};

// R1, R4.
TEST_F(ResourceTest, CreateFromAttributesAndRetrieveThem) {
  const Resource resource({{"a", "x"}, {"n", 1}}, kUrlA);
  EXPECT_EQ(resource.attributes().size(), 2U);
  EXPECT_EQ(resource.string_value("a"), "x");
  EXPECT_EQ(resource.string_value("n"), "") << "not a string";
  EXPECT_EQ(resource.schema_url(), kUrlA);
}

// R2.
TEST_F(ResourceTest, CreateEmpty) {
  EXPECT_TRUE(Resource().attributes().empty());
  EXPECT_EQ(Resource().schema_url(), "");
}

// R3.
TEST_F(ResourceTest, Merge_UpdatingWinsEvenIfItsValueIsEmpty) {
  const Resource old({{"a", "1"}, {"b", "2"}});
  const Resource merged = old.merge(Resource({{"b", ""}, {"c", "3"}}));
  EXPECT_EQ(merged.attributes().size(), 3U);
  EXPECT_EQ(merged.string_value("a"), "1");
  EXPECT_EQ(merged.string_value("b"), "");
  EXPECT_EQ(merged.string_value("c"), "3");
  EXPECT_EQ(old.string_value("b"), "2") << "resources are immutable";
}

TEST_F(ResourceTest, Merge_AnEmptySchemaUrlYieldsToTheOther) {
  EXPECT_EQ(Resource().merge(Resource(Attributes(), kUrlA)).schema_url(), kUrlA);
  EXPECT_EQ(Resource(Attributes(), kUrlA).merge(Resource()).schema_url(), kUrlA);
  EXPECT_EQ(Resource(Attributes(), kUrlA).merge(Resource(Attributes(), kUrlA)).schema_url(), kUrlA);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(ResourceTest, Merge_TwoDifferentSchemaUrlsAreAConflict) {
  const Resource merged = Resource({{"a", "1"}}, kUrlA).merge(Resource({{"b", "2"}}, kUrlB));
  EXPECT_EQ(merged.schema_url(), "");
  EXPECT_EQ(merged.attributes().size(), 2U);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_NE(reports_[0].find(kUrlB), std::string::npos);
}

// R5 and "SDK-provided resource attributes". `opentelemetry` is a reserved telemetry.sdk.name.
TEST_F(ResourceTest, SdkDefault) {
  const Resource resource = Resource::sdk_default();
  EXPECT_EQ(resource.string_value("telemetry.sdk.name"), "nanospan");
  EXPECT_EQ(resource.string_value("telemetry.sdk.language"), "cpp");
  EXPECT_FALSE(resource.string_value("telemetry.sdk.version").empty());
  EXPECT_TRUE(resource.string_value("service.name").starts_with("unknown_service:"));
  EXPECT_EQ(resource.schema_url(), sdk::kSchemaUrl);
}

TEST_F(ResourceTest, UnknownServiceNamesTheExecutable) {
  EXPECT_EQ(sdk::unknown_service_name(testing::fixture_tree("machine")), "unknown_service:orders");
  EXPECT_EQ(sdk::unknown_service_name(sdk::FileRoot("/nonexistent")), "unknown_service");
}

// A detector that answers, fails or throws.
class FakeDetector final : public ResourceDetector {
 public:
  explicit FakeDetector(std::string name, Result<Resource> answer, bool throws = false)
      : name_(std::move(name)), answer_(std::move(answer)), throws_(throws) {}
  std::string_view name() const override { return name_; }
  Result<Resource> detect() const override {
    if (throws_) throw std::runtime_error("no disk");
    return answer_;
  }

 private:
  std::string name_;
  Result<Resource> answer_;
  bool throws_;
};

// R6.
TEST_F(ResourceTest, DetectorsAreMergedInOrderOverTheBase) {
  std::vector<std::unique_ptr<ResourceDetector>> detectors;
  detectors.push_back(std::make_unique<FakeDetector>("one", Resource({{"a", "1"}, {"b", "1"}})));
  detectors.push_back(nullptr);
  detectors.push_back(std::make_unique<FakeDetector>("two", Resource({{"b", "2"}})));
  const Resource resource = detect_resource(Resource({{"a", "0"}, {"z", "0"}}), detectors);
  EXPECT_EQ(resource.string_value("a"), "1");
  EXPECT_EQ(resource.string_value("b"), "2");
  EXPECT_EQ(resource.string_value("z"), "0");
}

TEST_F(ResourceTest, ADetectorThatFailsOrThrowsIsReportedAndSkipped) {
  std::vector<std::unique_ptr<ResourceDetector>> detectors;
  detectors.push_back(std::make_unique<FakeDetector>("broken", Error{ErrorCode::kSystem, "no kernel"}));
  detectors.push_back(std::make_unique<FakeDetector>("thrower", Resource(), true));
  detectors.push_back(std::make_unique<FakeDetector>("good", Resource({{"a", "1"}})));
  const Resource resource = detect_resource(Resource(), detectors);
  EXPECT_EQ(resource.string_value("a"), "1");
  EXPECT_EQ(reports_, (std::vector<std::string>{"detector broken failed and is skipped: no kernel",
                                                "detector thrower failed and is skipped: no disk"}));
}

TEST_F(ResourceTest, ItsFieldsInOtlp) {
  using namespace std::string_view_literals;
  constexpr std::string_view kMessage = "\x0A\x0A\x0A\x01\x61\x12\x05\x0A\x03one"sv;
  EXPECT_EQ(sdk::resource_message(Resource({{"a", "one"}})), kMessage);
  EXPECT_EQ(sdk::resource_fields(Resource({{"a", "one"}})), "\x0A\x0C" + std::string(kMessage));
  EXPECT_EQ(sdk::resource_fields(Resource({{"a", "one"}}, "u")), "\x0A\x0C" + std::string(kMessage) + "\x1A\x01u");
}

}  // namespace
}  // namespace nanospan
