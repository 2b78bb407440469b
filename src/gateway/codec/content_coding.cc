// The table of what was built in. Thread-safe.
#include "gateway/codec/content_coding.h"

#include <algorithm>
#include <array>

#include "net/gzip.h"
#include "net/http_message.h"
#ifdef NANOSPAN_HAS_ISAL
#include "net/codec_isal.h"
#endif
#ifdef NANOSPAN_HAS_ZSTD
#include "net/codec_zstd.h"
#endif
#ifdef NANOSPAN_HAS_SNAPPY
#include "net/codec_snappy.h"
#endif

namespace nanospan::gateway {
namespace {

#ifdef NANOSPAN_HAS_ISAL
constexpr const net::Codec* kGzip = &net::kIsalGzipCodec;
constexpr const net::Codec* kDeflate = &net::kIsalDeflateCodec;
#else
constexpr const net::Codec* kGzip = &net::kGzipCodec;
constexpr const net::Codec* kDeflate = &net::kDeflateCodec;
#endif

constexpr auto kCodings = std::to_array<ContentCoding>({
    {"gzip", kGzip},
#ifdef NANOSPAN_HAS_ZSTD
    {"zstd", &net::kZstdCodec},
#endif
#ifdef NANOSPAN_HAS_SNAPPY
    {"snappy", &net::kSnappyBlockCodec},
    {"x-snappy-framed", &net::kSnappyFramedCodec},
#endif
    {"deflate", kDeflate},
    {"zlib", kDeflate},
    {"x-gzip", kGzip},
});

}  // namespace

std::span<const ContentCoding> content_codings() { return kCodings; }

const ContentCoding* find_content_coding(std::string_view name) {
  const auto found = std::find_if(kCodings.begin(), kCodings.end(), [&](const ContentCoding& coding) {
    return net::equals_ignoring_case(coding.name, name);
  });
  return found == kCodings.end() ? nullptr : &*found;
}

const net::Codec* find_grpc_codec(std::string_view name) {
  if (name == "snappy")
    name = "x-snappy-framed";
  else if (name != "gzip" && name != "zstd")
    return nullptr;
  const ContentCoding* coding = find_content_coding(name);
  return coding == nullptr ? nullptr : coding->codec;
}

std::vector<std::string> grpc_coding_names() {
  std::vector<std::string> names;
  for (const std::string_view name : {"gzip", "zstd", "snappy"}) {
    if (find_grpc_codec(name) != nullptr) names.emplace_back(name);
  }
  return names;
}

std::string content_coding_names() {
  std::string names;
  for (const ContentCoding& coding : kCodings) names.append(names.empty() ? "" : ", ").append(coding.name);
  return names;
}

const net::Codec& codec_of_body(const net::Codec& codec, std::string_view body) {
#ifdef NANOSPAN_HAS_SNAPPY
  if (codec.coding == net::Coding::kSnappyBlock && net::is_snappy_framed({&body, 1})) return net::kSnappyFramedCodec;
#endif
  static_cast<void>(body);
  return codec;
}

}  // namespace nanospan::gateway
