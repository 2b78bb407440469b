// Decompressing, converting and validating of bodies. One thread at a time.
#include "gateway/receivers/otlp/body_decoder.h"

#include <algorithm>

#include "gateway/config/units.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

/// The label of a body that its coding cannot read.
std::string_view malformed_reason(net::Coding coding) {
  switch (coding) {
    case net::Coding::kGzip:
      return "malformed_gzip";
    case net::Coding::kDeflate:
      return "malformed_deflate";
    case net::Coding::kZstd:
      return "malformed_zstd";
    case net::Coding::kSnappyBlock:
    case net::Coding::kSnappyFramed:
      break;
  }
  return "malformed_snappy";
}

/// Without its package.
std::string short_name(const wire::MessageSchema& message) {
  return std::string(message.full_name.substr(message.full_name.rfind('.') + 1));
}

Refusal malformed(std::string_view reason, std::string message) { return {400, reason, std::move(message)}; }

}  // namespace

BodyDecoder::BodyDecoder(std::uint64_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

Refusal BodyDecoder::too_large(std::string_view what, std::uint64_t body_bytes_max) {
  return {413, "body_too_large",
          std::string(what) + " is larger than " + format_byte_size(body_bytes_max) +
              " (the receiver's max_request_body_size, at most half of service.memory_budget); send smaller batches or "
              "raise it"};
}

BatchRef BodyDecoder::decode(net::ByteBlock body, Signal signal, OtlpEncoding encoding, const net::Codec* codec,
                             BudgetCharge charge, Refusal& refusal) {
  const wire::MessageSchema& request = info_of(signal).request;
  net::ByteBlock bytes = std::move(body);
  std::optional<EncodedBody> received;
  if (codec != nullptr) {
    codec = &codec_of_body(*codec, bytes.view());
    net::ByteBlock decompressed;
    bool is_single_frame = false;
    if (!decompress(*codec, bytes.view(), charge, decompressed, is_single_frame, refusal)) return nullptr;
    if (is_single_frame && encoding == OtlpEncoding::kProtobuf) received = {codec->coding, std::move(bytes)};
    bytes = std::move(decompressed);
  }
  wire::WalkResult walk;
  if (encoding == OtlpEncoding::kJson) {
    net::ByteBlock converted;
    if (!convert_json(request, bytes.view(), charge, converted, walk.counts, refusal)) return nullptr;
    bytes = std::move(converted);
  } else {
    walk = wire::validate(request, bytes.view());
  }
  if (!walk.ok()) {
    refusal = malformed("malformed_protobuf", "the body is not an " + short_name(request) + ": byte " +
                                                  std::to_string(walk.fault.offset) + ": " + walk.fault.text);
    return nullptr;
  }
  const std::uint64_t held = bytes.capacity() + (received ? received->block.capacity() : 0);
  if (!charge.grow_to(held)) {
    refusal = Refusal::busy("the gateway's memory budget (service.memory_budget) is in use; send again");
    return nullptr;
  }
  charge.shrink_to(held);
  const SpanCounts counts{walk.counts.resources, walk.counts.scopes, walk.counts.items};
  return std::make_shared<const Batch>(std::move(bytes), std::move(received), counts, std::move(charge), signal);
}

bool BodyDecoder::decompress(const net::Codec& codec, std::string_view body, BudgetCharge& charge, net::ByteBlock& out,
                             bool& is_single_frame, Refusal& refusal) {
  std::unique_ptr<net::Decoder>& decoder = decoders_[&codec];
  if (decoder == nullptr) decoder = codec.make_decoder();
  // It takes what the budget has left rather than overshoot it: a body that fits must pass, whatever the steps in which
  // the buffer grows.
  net::DecodeBuffer buffer(static_cast<std::size_t>(body_bytes_max_), [&](std::size_t wanted) {
    charge.grow_towards(body.size() + wanted);
    return static_cast<std::size_t>(charge.bytes() - body.size());
  });
  const Result<net::Decoded> decoded = decoder->decode({&body, 1}, buffer);
  if (decoded) {
    out = buffer.take();
    is_single_frame = decoded->single_frame;
    return true;
  }
  const std::string what = "the " + std::string(codec.name) + " body ";
  if (decoded.error().code == ErrorCode::kResourceExhausted) {
    refusal = too_large("the decompressed body", body_bytes_max_);
  } else if (decoded.error().code == ErrorCode::kMalformed) {
    refusal = codec.coding == net::Coding::kGzip && !body.starts_with("\x1f\x8b")
                  ? malformed("malformed_gzip",
                              "the body is not gzip, though Content-Encoding says so: compress it, or send no "
                              "Content-Encoding")
                  : malformed(malformed_reason(codec.coding), what + decoded.error().message);
  } else if (charge.bytes() == charge.budget_bytes_max()) {  // It had all of it: so it can never fit.
    refusal = too_large("the decompressed body", charge.bytes() - body.size());
  } else {
    refusal = Refusal::busy(what + decoded.error().message + "; send again");
  }
  return false;
}

bool BodyDecoder::convert_json(const wire::MessageSchema& request, std::string_view json, BudgetCharge& charge,
                               net::ByteBlock& out, wire::WalkCounts& counts, Refusal& refusal) {
  // Beside what is held already: the reader's output, and the same once more as the batch's own block.
  const std::uint64_t needed = charge.bytes() + 2 * wire::OtlpJsonReader::output_bytes_max(json);
  if (needed > charge.budget_bytes_max()) {
    refusal = {413, "body_too_large",
               "to convert a JSON body of " + format_byte_size(json.size()) + " takes " + format_byte_size(needed) +
                   ", more than service.memory_budget; send smaller batches, or protobuf"};
    return false;
  }
  if (!charge.grow_to(needed)) {
    refusal = Refusal::busy("no memory to convert the JSON body; send again");
    return false;
  }
  const Result<wire::OtlpJsonReader::Message> converted = json_reader_.read(request, json);
  if (converted) {
    out = net::ByteBlock::copy_of(converted->bytes);
    counts = converted->counts;
  } else {
    refusal =
        malformed("malformed_json", "the body is not an " + short_name(request) + ": " + converted.error().message);
  }
  json_reader_.trim();
  return converted.ok();
}

}  // namespace nanospan::gateway
