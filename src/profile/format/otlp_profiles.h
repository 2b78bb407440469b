// Writes a Profile as an OTLP request of profiles (v1development): one resource, one scope, and in it a profile for
// each type of value, the default one first; stacks, functions, labels and strings are in the dictionary they share.
//
// Source: opentelemetry-proto 1.10, profiles/v1development/profiles.proto, whose status is Alpha: what the next release
// changes, changes here. Of a sample's labels trace_id and span_id become its link, the others its attributes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "profile/model/profile.h"

namespace nanospan::profile {

/// ExportProfilesServiceRequest. `resource_fields`: resource and schema_url as ResourceProfiles has them. `id`: 16
/// bytes that no other profile has; each further type has them plus one in the last byte.
std::string otlp_profiles_message(const Profile& profile, std::string_view resource_fields, std::string_view id);

/// `resource_fields` of a program whose resource nobody has told.
std::string profile_resource_fields(const std::string& service_name, const std::string& host_name);

}  // namespace nanospan::profile
