// resource/sdk.md "Resource detector", and the built-in detectors over fixture trees.
#include "sdk/resource/detectors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "tests/sdk/resource/fixture_tree.h"

namespace nanospan {
namespace {

using testing::fixture_tree;

constexpr std::string_view kId = "3c1b4c5f7f0a4b2e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a39281706f5e4d3c2";

Resource detected(const ResourceDetector& detector) {
  Result<Resource> found = detector.detect();
  EXPECT_TRUE(found.ok());
  return std::move(found).value();
}

std::string container_of(std::string_view tree) {
  return std::string(detected(*sdk::container_detector(fixture_tree(tree))).string_value("container.id"));
}

TEST(ContainerDetector, ControlGroupsVersion1) {
  EXPECT_EQ(container_of("docker_v1"), kId);
  EXPECT_EQ(container_of("podman_v1"), kId);
  EXPECT_EQ(container_of("k8s_v1"), kId);
  EXPECT_EQ(container_of("k8s_v1_systemd"), kId);
}

TEST(ContainerDetector, ControlGroupsVersion2WithTheGroupOfTheHost) {
  EXPECT_EQ(container_of("docker_v2_host_group"), kId);
  EXPECT_EQ(container_of("k8s_v2_host_group"), kId);
}

TEST(ContainerDetector, ControlGroupsVersion2WithTheirOwnGroup) {
  EXPECT_EQ(container_of("docker_v2"), kId);
  EXPECT_EQ(container_of("podman_v2"), kId);
  EXPECT_EQ(container_of("k8s_v2_crio"), kId);
}

TEST(ContainerDetector, TheSandboxOfAPodIsNotTheContainer) { EXPECT_EQ(container_of("k8s_v2_containerd"), ""); }

TEST(ContainerDetector, AnEcsTask) { EXPECT_EQ(container_of("ecs"), "86e1b8ac54e04d4d9d3b1f3e9a6c1c5e-3795127105"); }

// "Failure to detect any resource information MUST NOT be considered an error."
TEST(ResourceDetectors, FindingNothingIsNoError) {
  EXPECT_EQ(container_of("machine"), "");
  EXPECT_EQ(detected(*sdk::container_detector(fixture_tree("machine"))).schema_url(), "");
  const sdk::FileRoot nothing("/nonexistent");
  EXPECT_EQ(detected(*sdk::container_detector(nothing)).string_value("container.id"), "");
  EXPECT_EQ(detected(*sdk::host_detector(nothing)).string_value("host.id"), "");
  EXPECT_EQ(detected(*sdk::process_detector(nothing)).string_value("process.executable.name"), "");
}

// R7: "Resource detectors SHOULD populate Schema URL".
TEST(ResourceDetectors, PopulateTheSchemaUrl) {
  EXPECT_EQ(sdk::kSchemaUrl, "https://opentelemetry.io/schemas/1.44.0");
  std::vector<std::unique_ptr<ResourceDetector>> detectors;
  detectors.push_back(sdk::process_detector(fixture_tree("machine")));
  detectors.push_back(sdk::host_detector(fixture_tree("machine")));
  detectors.push_back(sdk::container_detector(fixture_tree("docker_v1")));
  detectors.push_back(service_detector());
  for (const auto& detector : detectors)
    EXPECT_EQ(detected(*detector).schema_url(), sdk::kSchemaUrl) << detector->name();
}

TEST(ResourceDetectors, HaveTheirRegisteredNames) {
  EXPECT_EQ(service_detector()->name(), "service");
  EXPECT_EQ(process_detector()->name(), "process");
  EXPECT_EQ(host_detector()->name(), "host");
  EXPECT_EQ(container_detector()->name(), "container");
}

TEST(ResourceDetectors, TheMachineItselfCanBeAsked) {
  EXPECT_TRUE(process_detector()->detect().ok());
  EXPECT_EQ(detected(*host_detector()).string_value("os.type"), "linux");
  EXPECT_TRUE(container_detector()->detect().ok());
  EXPECT_FALSE(detected(*process_detector()).string_value("process.creation.time").empty());
}

TEST(HostDetector, HostAndOs) {
  const Resource host = detected(*sdk::host_detector(fixture_tree("machine")));
  EXPECT_EQ(host.string_value("host.id"), "4e3c9b2a1f0d4c5b8a7968574635241f");
  EXPECT_EQ(host.string_value("host.name"), "shop-7");
  EXPECT_FALSE(host.string_value("host.arch").empty());
  EXPECT_EQ(host.string_value("os.type"), "linux");
  EXPECT_EQ(host.string_value("os.name"), "Debian GNU/Linux");
  EXPECT_EQ(host.string_value("os.version"), "12");
  EXPECT_EQ(host.string_value("os.description"), "Debian GNU/Linux 12 \"bookworm\"");
  EXPECT_EQ(host.string_value("os.build_id"), "20250101");
}

TEST(ProcessDetector, WhatProcSays) {
  const Resource process = detected(*sdk::process_detector(fixture_tree("machine")));
  EXPECT_EQ(process.attributes().begin()->key, "process.pid");
  EXPECT_EQ(process.attributes().begin()->value.as_int(), getpid());
  EXPECT_EQ(process.string_value("process.executable.path"), "/srv/shop/bin/orders");
  EXPECT_EQ(process.string_value("process.executable.name"), "orders");
  EXPECT_EQ(process.string_value("process.command"), "./orders");
  // 1,700,000,000 s and 12345 ticks of 10 ms.
  EXPECT_EQ(process.string_value("process.creation.time"), "2023-11-14T22:15:23.450Z");
}

TEST(ProcessDetector, TheCommandLineMayHoldSecretsAndStaysHere) {
  const Resource process = detected(*sdk::process_detector(fixture_tree("machine")));
  for (const Attribute& attribute : process.attributes()) {
    if (attribute.value.type() != AttributeValue::Type::kString) continue;
    EXPECT_EQ(attribute.value.as_string().find("secret"), std::string_view::npos) << attribute.key;
  }
}

// The instance is the process, however often it starts its telemetry.
TEST(ServiceDetector, AProcessHasOneIdUntilItIsRenewed) {
  const std::string id(detected(*service_detector()).string_value("service.instance.id"));
  EXPECT_EQ(id.size(), 36U) << "a UUID in text";
  EXPECT_EQ(detected(*service_detector()).string_value("service.instance.id"), id);
  EXPECT_NE(sdk::renew_instance_id(), id);
  EXPECT_EQ(detected(*service_detector()).string_value("service.instance.id"), sdk::instance_id());
}

TEST(FileRoot, ReadsAreBounded) {
  EXPECT_EQ(sdk::FileRoot().read("/dev/zero").size(), sdk::FileRoot::kBytesMax);
  EXPECT_EQ(sdk::FileRoot().read("/proc"), "");
  EXPECT_EQ(sdk::FileRoot().read("/nonexistent"), "");
}

}  // namespace
}  // namespace nanospan
