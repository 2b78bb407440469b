// The strong side of the hook (codec_hook.h): a BodyCodec made of one of net's. Included by the libraries that define
// one, each of which needs a library that the SDK does not.
#pragma once

#include <utility>

#include "export/otlp/codec_hook.h"
#include "net/codec.h"
#include "net/decode_text.h"

namespace nanospan::exporters {

template <const net::Codec& kCodec>
constexpr BodyCodec body_codec() {
  return {[](std::span<const std::string_view> slices, net::ByteBlock& out) {
            Result<net::ByteBlock> compressed = kCodec.encode(slices, kCodec.level_default);
            if (!compressed) return false;
            out = std::move(compressed).value();
            return true;
          },
          [](std::string_view body, std::size_t bytes_max, std::string& out) {
            Result<std::string> text = net::decode_text(kCodec, body, bytes_max);
            if (!text) return false;
            out = std::move(text).value();
            return true;
          }};
}

}  // namespace nanospan::exporters
