// LoadBodies: the requests of `nanospan load otlp`, ready to be sent, so that the generator is not what is measured.
//
// Uncompressed protobuf is stamped with new ids just before it goes out, which costs a few nanoseconds a span. Bodies
// that are compressed or JSON cannot be changed after they were made: there some thousand different spans are made
// beforehand and sent again and again, or, if `unique` is asked for, each request is made anew and the generator pays.
//
// One thread; must outlive every owner that it gave.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/nanospan/load_spans.h"
#include "base/result.h"
#include "net/codec.h"

namespace nanospan::app {

struct LoadBodiesOptions {
  std::size_t spans = 1000;           ///< A request.
  bool json = false;                  ///< OTLP/JSON in place of protobuf.
  const net::Codec* codec = nullptr;  ///< Null: not compressed.
  bool unique = false;                ///< New ids in each request, whatever it costs.
};

/// One request to be sent. The bytes stay as they are for as long as `owner` is held.
struct LoadBody {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
  std::uint64_t request = 0;  ///< Its number, for LoadLedger.
};

class LoadBodies {
 public:
  static Result<std::unique_ptr<LoadBodies>> create(const LoadBodiesOptions& options, const SpanIds& ids,
                                                    base::UnixNanos now);

  LoadBody next();

  /// How many requests are sent again and again; 0: each has ids of its own.
  std::size_t repeated() const { return made_.size(); }
  /// As they go over the wire, on average, and before compression.
  double wire_bytes_per_span() const;
  double plain_bytes_per_span() const;

 private:
  LoadBodies(const LoadBodiesOptions& options, const SpanIds& ids) : options_(options), ids_(ids) {}
  Result<std::string> encode(const std::string& protobuf) const;
  LoadBody next_stamped();

  const LoadBodiesOptions options_;
  const SpanIds ids_;
  std::vector<SpanRequest> templates_;
  std::vector<std::string> made_;                  // repeated ones, encoded
  std::deque<std::unique_ptr<SpanRequest>> free_;  // copies of templates that are not under way
  std::size_t copies_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace nanospan::app
