// BodyDecoder: the body of a request -> a validated Batch, or the reason why not.
//
//   compressed?  -> decode, bounded by the limit and by the memory budget
//   JSON?        -> protobuf, valid and counted as it is written; else the validating walk
//   then what the batch holds is what is charged
// One decoder for each loop: it reuses its decoders and JSON buffers. For one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "gateway/codec/content_coding.h"
#include "gateway/pipeline/batch.h"
#include "gateway/receivers/otlp/otlp_answer.h"
#include "gateway/receivers/otlp/refusal.h"
#include "wire/json_reader/otlp_json_in.h"

namespace nanospan::gateway {

class BodyDecoder {
 public:
  explicit BodyDecoder(std::uint64_t body_bytes_max);

  /// The batch, or null and why in `refusal`. `codec` is the body's content coding, null for none. `charge` covers the
  /// body and goes with the batch.
  BatchRef decode(net::ByteBlock body, Signal signal, OtlpEncoding encoding, const net::Codec* codec,
                  BudgetCharge charge, Refusal& refusal);

  /// What a body above the limit is told. `what` begins the sentence: "the body".
  static Refusal too_large(std::string_view what, std::uint64_t body_bytes_max);

 private:
  bool decompress(const net::Codec& codec, std::string_view body, BudgetCharge& charge, net::ByteBlock& out,
                  bool& is_single_frame, Refusal& refusal);
  bool convert_json(const wire::MessageSchema& request, std::string_view json, BudgetCharge& charge,
                    net::ByteBlock& out, wire::WalkCounts& counts, Refusal& refusal);

  const std::uint64_t body_bytes_max_;
  wire::OtlpJsonReader json_reader_;
  std::map<const net::Codec*, std::unique_ptr<net::Decoder>> decoders_;  // made when first needed, and reused
};

}  // namespace nanospan::gateway
