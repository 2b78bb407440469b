// Real libprotobuf with the official OTLP schema, as tests ask it: text format in, bytes out, and back.
//
//   const Oracle* oracle = Oracle::get();
//   if (oracle == nullptr) GTEST_SKIP() << Oracle::kMissing;
//   oracle->serialize(kRequest, "resource_spans { schema_url: 'x' }");
//
// One instance for the process, never destroyed; thread-safe after get() returned.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nanospan::golden {

inline constexpr std::string_view kTraceRequest = "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest";
inline constexpr std::string_view kTraceResponse = "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse";
inline constexpr std::string_view kMetricsRequest =
    "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest";
inline constexpr std::string_view kLogsRequest = "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest";
inline constexpr std::string_view kProfilesRequest =
    "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest";
inline constexpr std::string_view kRpcStatus = "google.rpc.Status";

class Oracle {
 public:
  static constexpr const char* kMissing =
      "the OTLP schema could not be fetched when this was built (see tests/golden/fetch_schema)";

  /// nullptr if the schema is not there.
  static const Oracle* get();

  /// The bytes of a message written in protobuf's text format. Fails the process on wrong text: that is a bug in the
  /// test.
  std::string serialize(std::string_view message, const std::string& text) const;
  /// True if libprotobuf decodes the bytes.
  bool parses(std::string_view message, std::string_view bytes) const;
  /// The message that libprotobuf decodes from the bytes; null if it does not.
  std::unique_ptr<google::protobuf::Message> parse(std::string_view message, std::string_view bytes) const;
  /// The message in text format, without its unknown fields; nothing if libprotobuf does not decode the bytes.
  std::optional<std::string> text(std::string_view message, std::string_view bytes) const;

  /// nullptr if the schema has no such message.
  const google::protobuf::Descriptor* descriptor(std::string_view message) const;

 private:
  Oracle() = default;
  std::unique_ptr<google::protobuf::Message> make(std::string_view message) const;

  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace nanospan::golden
