#include "apps/nanospan/load_bodies.h"

#include <algorithm>
#include <utility>

#include "wire/otlp_json_out.h"

namespace nanospan::app {
namespace {

// So much variety that no cache of anyone holds it all.
constexpr std::size_t kTemplatesMin = 16;
constexpr std::size_t kTemplateSpansMin = 16'384;

}  // namespace

Result<std::unique_ptr<LoadBodies>> LoadBodies::create(const LoadBodiesOptions& options, const SpanIds& ids,
                                                       base::UnixNanos now) {
  std::unique_ptr<LoadBodies> bodies(new LoadBodies(options, ids));
  const std::size_t count = std::max(kTemplatesMin, kTemplateSpansMin / options.spans);
  const bool repeat = (options.json || options.codec != nullptr) && !options.unique;
  for (std::size_t i = 0; i < count; ++i) {
    bodies->templates_.push_back(SpanRequest::make(options.spans, i, ids, now));
    if (!repeat) continue;
    bodies->templates_.back().stamp(ids, i);
    Result<std::string> made = bodies->encode(bodies->templates_.back().bytes());
    if (!made) return made.error();
    bodies->made_.push_back(std::move(*made));
  }
  return bodies;
}

Result<std::string> LoadBodies::encode(const std::string& protobuf) const {
  std::string json;
  if (options_.json) {
    if (Status status = wire::append_traces_json(protobuf, json); !status) return status.error();
  }
  const std::string& plain = options_.json ? json : protobuf;
  if (options_.codec == nullptr) return plain;
  const std::string_view slice = plain;
  Result<net::ByteBlock> encoded = options_.codec->encode({&slice, 1}, options_.codec->level_default);
  if (!encoded) return encoded.error();
  return std::string(encoded->view());
}

LoadBody LoadBodies::next() {
  if (made_.empty()) return next_stamped();
  const std::size_t place = next_++ % made_.size();
  return {made_[place], std::shared_ptr<const void>(std::shared_ptr<void>(), this), place};
}

LoadBody LoadBodies::next_stamped() {
  if (free_.empty()) free_.push_back(std::make_unique<SpanRequest>(templates_[copies_++ % templates_.size()]));
  std::unique_ptr<SpanRequest> request = std::move(free_.front());
  free_.pop_front();
  request->stamp(ids_, next_);
  const std::string_view protobuf = request->bytes();
  if (options_.json || options_.codec != nullptr) {
    auto made = std::make_shared<const std::string>(encode(request->bytes()).value_or(""));
    free_.push_back(std::move(request));
    return {*made, made, next_++};
  }
  std::shared_ptr<const void> owner(request.release(), [this](SpanRequest* back) { free_.emplace_back(back); });
  return {protobuf, std::move(owner), next_++};
}

double LoadBodies::plain_bytes_per_span() const {
  double bytes = 0;
  for (const SpanRequest& request : templates_) bytes += static_cast<double>(request.bytes().size());
  return bytes / static_cast<double>(templates_.size() * options_.spans);
}

double LoadBodies::wire_bytes_per_span() const {
  if (made_.empty()) return plain_bytes_per_span();
  double bytes = 0;
  for (const std::string& body : made_) bytes += static_cast<double>(body.size());
  return bytes / static_cast<double>(made_.size() * options_.spans);
}

}  // namespace nanospan::app
