// A SpanBatch made of whatever bytes a test wants, in as many slices as it likes, and of the spans that it gives.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nanospan/span_exporter.h>

#include "tests/support/otlp_span.h"

namespace nanospan::testing {

class FakeSpanBatch final : public SpanBatch {
 public:
  explicit FakeSpanBatch(std::size_t span_count, std::vector<std::string> pieces = {std::string("\x0A\x00", 2)})
      : span_count_(span_count), pieces_(std::move(pieces)) {
    for (const std::string& piece : pieces_) {
      slices_.emplace_back(reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size());
      size_ += piece.size();
    }
  }
  /// A batch whose for_each() gives these spans, of the scope "shop".
  explicit FakeSpanBatch(std::vector<OtlpMessage> spans) : FakeSpanBatch(spans.size()) { spans_ = std::move(spans); }

  std::size_t span_count() const override { return span_count_; }
  std::span<const std::span<const std::uint8_t>> slices() const override { return slices_; }
  std::size_t size_bytes() const override { return size_; }
  void for_each(const std::function<void(const SpanView&)>& visit) const override {
    const Resource resource;
    const InstrumentationScope scope{"shop"};
    for (const OtlpMessage& span : spans_) visit(SpanView(span.span(), resource, scope, true));
  }

 private:
  const std::size_t span_count_;
  const std::vector<std::string> pieces_;
  std::vector<std::span<const std::uint8_t>> slices_;
  std::size_t size_ = 0;
  std::vector<OtlpMessage> spans_;
};

inline std::shared_ptr<const SpanBatch> fake_batch(std::size_t span_count = 3,
                                                   std::vector<std::string> pieces = {"one", "two"}) {
  return std::make_shared<FakeSpanBatch>(span_count, std::move(pieces));
}

}  // namespace nanospan::testing
