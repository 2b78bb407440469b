// SpanLimits: how much one span may hold. Source: common/README.md "Attribute Limits", trace/sdk.md "Span Limits".
#pragma once

#include <cstdint>

namespace nanospan {
inline namespace v0 {

/// Bounds of one span, its events and links. What does not fit is discarded and counted in the span's dropped counts;
/// setting a key that is there already always succeeds. Zero is a legal limit.
struct SpanLimits {
  static constexpr std::uint32_t kUnlimited = 0xFFFF'FFFF;

  std::uint32_t attribute_count_max = 128;
  std::uint32_t attribute_value_length_max = kUnlimited;  ///< Characters of a string, bytes of a byte array.
  std::uint32_t attribute_value_depth_max = 64;           ///< Nested arrays and maps below this become the empty value.
  std::uint32_t event_count_max = 128;
  std::uint32_t link_count_max = 128;
  std::uint32_t attribute_per_event_count_max = 128;
  std::uint32_t attribute_per_link_count_max = 128;
  /// Encoded bytes of the whole span, so that one span cannot outgrow an export request; not part of the specification.
  std::uint32_t span_bytes_max = 4U << 20;
};

}  // namespace v0
}  // namespace nanospan
