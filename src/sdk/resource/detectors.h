// The built-in resource detectors over a file tree of the caller's choice, and what they share.
//
// What cannot be found is left out; that is no error (resource/sdk.md "Detecting resource information from the
// environment"). Only facts of the process and machine: environment variables belong to src/setup.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nanospan/resource.h>

#include "sdk/resource/file_root.h"

namespace nanospan::sdk {

/// Of the semantic conventions whose keys the detectors use.
inline constexpr std::string_view kSchemaUrl = "https://opentelemetry.io/schemas/1.44.0";

std::unique_ptr<ResourceDetector> process_detector(FileRoot files);
std::unique_ptr<ResourceDetector> host_detector(FileRoot files);
std::unique_ptr<ResourceDetector> container_detector(FileRoot files);

/// "unknown_service:<executable>", or "unknown_service". Source: semantic conventions "service.name".
std::string unknown_service_name(const FileRoot& files);

/// The service.instance.id of this process: a random UUID, made on first use; nothing if the kernel gives none.
std::string_view instance_id();
/// In a forked child: makes another, as two instances must never share one. Returns it.
std::string_view renew_instance_id();

}  // namespace nanospan::sdk
