// AnyValue: values of attributes as their wire bytes (common/v1/common.proto), from configuration and as text.
//
// A value is the content of an AnyValue message. Pure functions; bytes that are read are validated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/config/node.h"

namespace nanospan::gateway {

enum class AnyKind { kEmpty, kString, kBool, kInt, kDouble, kBytes, kList, kMap };

/// What is in an AnyValue; `text` refers to its bytes.
struct AnyScalar {
  AnyKind kind = AnyKind::kEmpty;
  std::string_view text;    ///< Of kString and kBytes; of kList and kMap the message.
  std::int64_t number = 0;  ///< Of kInt; 0 or 1 of kBool.
  double real = 0;
};

AnyScalar read_any(std::string_view any);

std::string any_string(std::string_view text);
std::string any_int(std::int64_t number);
std::string any_double(double number);
/// What a configuration value means: plain 5, 1.5 and true have their types, what is quoted is text, lists and maps
/// are those of OTLP. Null is an empty AnyValue.
std::string any_of(const ConfigNode& node);

/// As the Collector prints values (pcommon.Value.AsString); nothing for lists, maps and bytes.
std::optional<std::string> any_text(const AnyScalar& value);
/// The same for all: bytes in base64, lists and maps as JSON, maps by key. (A list with a number that JSON does not
/// have is no text at all, as there.)
std::string any_as_string(std::string_view any);

}  // namespace nanospan::gateway
