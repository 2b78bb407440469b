// Inflating, converting and validating of bodies. One thread at a time.
#include "gateway/receivers/otlp/body_decoder.h"

#include <algorithm>

#include "gateway/config/units.h"
#include "net/gzip.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

// A hint beyond this ratio is not believed (spans shrink 5 to 10 times): what is not there must not be charged for.
constexpr std::uint64_t kInflateRatioExpected = 16;
constexpr std::uint64_t kInflateRoomMin = 256;

/// The size that a gzip member says it inflates to: its last four bytes, little endian, modulo 2^32 (RFC 1952, 2.3.1).
/// A hint: it spares a growing buffer, and a lie costs its sender only a second allocation.
std::uint64_t inflated_size_hint(std::string_view body) {
  if (body.size() < 18) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    size |= std::uint64_t{static_cast<unsigned char>(body[body.size() - 4 + i])} << (8 * i);
  }
  return size;
}

Refusal malformed(std::string_view reason, std::string message) { return {400, reason, std::move(message)}; }

}  // namespace

BodyDecoder::BodyDecoder(std::uint64_t body_bytes_max)
    : body_bytes_max_(body_bytes_max), json_reader_({static_cast<std::size_t>(body_bytes_max)}) {}

Refusal BodyDecoder::too_large(std::string_view what, std::uint64_t body_bytes_max) {
  return {413, "body_too_large",
          std::string(what) + " is larger than " + format_byte_size(body_bytes_max) +
              " (the receiver's max_request_body_size, at most half of service.memory_budget); send smaller batches or "
              "raise it"};
}

BatchRef BodyDecoder::decode(net::ByteBlock body, OtlpEncoding encoding, bool is_gzip, BudgetCharge charge,
                             Refusal& refusal) {
  net::ByteBlock bytes = std::move(body);
  net::ByteBlock gzip;
  if (is_gzip) {
    net::ByteBlock inflated;
    bool is_single_member = false;
    if (!inflate(bytes.view(), charge, inflated, is_single_member, refusal)) return nullptr;
    if (is_single_member && encoding == OtlpEncoding::kProtobuf) gzip = std::move(bytes);
    bytes = std::move(inflated);
  }
  if (encoding == OtlpEncoding::kJson) {
    net::ByteBlock converted;
    if (!convert_json(bytes.view(), charge, converted, refusal)) return nullptr;
    bytes = std::move(converted);
  }
  const wire::WalkResult walk = wire::validate_traces(bytes.view());
  if (!walk.ok()) {
    refusal = malformed("malformed_protobuf", "the body is not an ExportTraceServiceRequest: byte " +
                                                  std::to_string(walk.fault.offset) + ": " + walk.fault.text);
    return nullptr;
  }
  const std::uint64_t held = bytes.capacity() + gzip.capacity();
  if (!charge.grow_to(held)) {
    refusal = Refusal::busy("the gateway's memory budget (service.memory_budget) is in use; send again");
    return nullptr;
  }
  charge.shrink_to(held);
  const SpanCounts counts{walk.counts.resources, walk.counts.scopes, walk.counts.items};
  return std::make_shared<const Batch>(std::move(bytes), std::move(gzip), counts, std::move(charge));
}

// Room for at least one more byte. It doubles, but takes what the budget has left rather than overshoot it: a body that
// fits must pass, however its size falls between two doublings.
bool BodyDecoder::make_room(std::uint64_t wanted, BudgetCharge& charge, std::uint64_t compressed, net::ByteBlock& out,
                            Refusal& refusal) const {
  charge.grow_towards(compressed + std::min(wanted, body_bytes_max_));
  const std::uint64_t room = charge.bytes() - compressed;
  if (room > out.size() && out.reserve(static_cast<std::size_t>(room))) return true;
  const bool can_never_fit = charge.bytes() == charge.budget_bytes_max();
  refusal = can_never_fit
                ? too_large("the inflated body", charge.budget_bytes_max() - compressed)
                : Refusal::busy("no memory to inflate the body beyond " + format_byte_size(room) + "; send again");
  return false;
}

bool BodyDecoder::inflate(std::string_view body, BudgetCharge& charge, net::ByteBlock& out, bool& is_single_member,
                          Refusal& refusal) const {
  const std::uint64_t compressed = body.size();
  const std::uint64_t hint = std::min(inflated_size_hint(body), compressed * kInflateRatioExpected);
  if (!make_room(std::max(hint, kInflateRoomMin), charge, compressed, out, refusal)) return false;
  net::GzipInflater inflater(static_cast<std::size_t>(body_bytes_max_));
  while (true) {
    const Result<net::GzipInflater::Step> step = inflater.inflate(body, {out.tail(), out.room()});
    if (!step && step.error().code == ErrorCode::kResourceExhausted) {
      refusal = too_large("the inflated body", body_bytes_max_);
      return false;
    }
    if (!step) {
      refusal = malformed("malformed_gzip", "the gzip body is broken after byte " +
                                                std::to_string(compressed - body.size()) + ": " + step.error().message);
      return false;
    }
    body.remove_prefix(step->consumed);
    out.wrote(step->produced);
    if (body.empty() && inflater.complete()) break;
    // At the limit the inflater itself says whether anything is to come, so no room is made beyond it.
    const bool at_limit = out.size() == body_bytes_max_;
    const bool idle = step->consumed == 0 && step->produced == 0;
    if (body.empty() && (out.room() != 0 || (at_limit && idle))) {
      refusal =
          malformed("malformed_gzip", "the gzip body ends before its end mark, at byte " + std::to_string(compressed));
      return false;
    }
    if (out.room() == 0 && !at_limit && !make_room(out.size() * 2, charge, compressed, out, refusal)) return false;
  }
  out.trim();
  is_single_member = inflater.complete_single_member();
  return true;
}

bool BodyDecoder::convert_json(std::string_view json, BudgetCharge& charge, net::ByteBlock& out, Refusal& refusal) {
  // Beside what is held already: the reader's buffers and output, and the output once more as the batch's own block.
  const std::uint64_t needed = charge.bytes() + wire::OtlpJsonReader::working_bytes(json.size()) + json.size();
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
  std::string converted;
  if (const Status read = json_reader_.read_traces(json, converted); !read) {
    refusal = malformed("malformed_json", "the body is not an ExportTraceServiceRequest: " + read.error().message);
    return false;
  }
  out = net::ByteBlock::copy_of(converted);
  return true;
}

}  // namespace nanospan::gateway
