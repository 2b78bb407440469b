// What all codecs are tested with: the list of those that this build has, texts, and decoding in one call.
#pragma once

#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "net/codec.h"
#ifdef NANOSPAN_HAS_GZIP
#include "net/gzip.h"
#endif
#ifdef NANOSPAN_HAS_ISAL
#include "net/codec_isal.h"
#endif
#ifdef NANOSPAN_HAS_ZSTD
#include "net/codec_zstd.h"
#endif
#ifdef NANOSPAN_HAS_SNAPPY
#include "net/codec_snappy.h"
#endif

namespace nanospan::net {

struct CodecCase {
  const char* label;
  const Codec* codec;
  friend std::ostream& operator<<(std::ostream& out, const CodecCase& test_case) { return out << test_case.label; }
};

inline std::vector<CodecCase> all_codecs() {
  return {
#ifdef NANOSPAN_HAS_GZIP
      {"zlib_gzip", &kGzipCodec},
      {"zlib_deflate", &kDeflateCodec},
#endif
#ifdef NANOSPAN_HAS_ISAL
      {"isal_gzip", &kIsalGzipCodec},
      {"isal_deflate", &kIsalDeflateCodec},
#endif
#ifdef NANOSPAN_HAS_ZSTD
      {"zstd", &kZstdCodec},
#endif
#ifdef NANOSPAN_HAS_SNAPPY
      {"snappy_block", &kSnappyBlockCodec},
      {"snappy_framed", &kSnappyFramedCodec},
#endif
  };
}

/// Text that shrinks the less the larger its alphabet is. The same on every call.
inline std::string random_text(std::size_t size, unsigned alphabet) {
  std::mt19937 random(5);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random() % alphabet);
  return text;
}

inline std::string encoded(const Codec& codec, std::string_view text, int level) {
  return std::string(codec.encode({&text, 1}, level).value().view());
}
inline std::string encoded(const Codec& codec, std::string_view text) {
  return encoded(codec, text, codec.level_default);
}

struct DecodedText {
  std::string text;
  bool single_frame = false;
};
inline Result<DecodedText> decoded(Decoder& decoder, std::span<const std::string_view> body, DecodeBuffer out) {
  const Result<Decoded> result = decoder.decode(body, out);
  if (!result) return result.error();
  return DecodedText{std::string(out.take().view()), result->single_frame};
}
inline Result<DecodedText> decoded(const Codec& codec, std::string_view body, std::size_t limit = 1u << 20) {
  return decoded(*codec.make_decoder(), {&body, 1}, DecodeBuffer(limit));
}

}  // namespace nanospan::net
