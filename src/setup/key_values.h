// key=value,key=value lists as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS have them: W3C baggage without
// metadata, percent-encoded. Pure function, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace nanospan::setup {

using KeyValues = std::vector<std::pair<std::string, std::string>>;

/// The pairs in order, keys and values percent-decoded, without the white space around them. Empty members are skipped;
/// a value may contain '=' (base64 does). Any error makes all of it kMalformed: "the entire environment variable value
/// SHOULD be discarded" (resource/sdk.md). The message never shows a value: headers hold secrets.
Result<KeyValues> parse_key_values(std::string_view text);

}  // namespace nanospan::setup
