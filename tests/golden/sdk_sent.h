// What the SDK sent, as libprotobuf reads it: plain data for comparing with what a test meant.
//
// Values are written canonically: s:text  b:bytes  i:1  d:bits  t/f  e (empty)  [a,b]  {key=value,...} with sorted
// keys. Attributes keep their duplicates, so that a test can see that there are none.
#pragma once

#include <google/protobuf/message.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/golden/oracle.h"

namespace nanospan::golden {

using SentAttributes = std::vector<std::pair<std::string, std::string>>;

struct SentEvent {
  std::uint64_t time = 0;
  std::string name;
  SentAttributes attributes;
  std::uint64_t dropped_attributes = 0;
};

struct SentLink {
  std::string trace_id, span_id, trace_state;
  SentAttributes attributes;
  std::uint64_t dropped_attributes = 0, flags = 0;
};

struct SentSpan {
  std::string trace_id, span_id, parent_span_id, trace_state, name;
  std::uint64_t kind = 0, start = 0, end = 0, flags = 0;
  SentAttributes attributes;
  std::vector<SentEvent> events;
  std::vector<SentLink> links;
  std::uint64_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0, status = 0;
  std::string status_message;
  std::string scope, scope_version, scope_schema_url;
  SentAttributes scope_attributes, resource_attributes;
  std::string resource_schema_url;
};

namespace sent_internal {

namespace pb = google::protobuf;

inline const pb::FieldDescriptor* field(const pb::Message& message, const char* name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

inline std::string text(const pb::Message& message, const char* name) {
  return message.GetReflection()->GetString(message, field(message, name));
}

inline std::uint64_t number(const pb::Message& message, const char* name) {
  const auto* at = field(message, name);
  const auto* reflection = message.GetReflection();
  switch (at->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return reflection->GetUInt32(message, at);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return reflection->GetUInt64(message, at);
    default:
      return static_cast<std::uint64_t>(reflection->GetEnumValue(message, at));
  }
}

inline const pb::Message& child(const pb::Message& message, const char* name) {
  return message.GetReflection()->GetMessage(message, field(message, name));
}

template <class Visit>
void each(const pb::Message& message, const char* name, Visit&& visit) {
  const auto* at = field(message, name);
  const int size = message.GetReflection()->FieldSize(message, at);
  for (int i = 0; i < size; ++i) visit(message.GetReflection()->GetRepeatedMessage(message, at, i));
}

inline std::string canonical(const pb::Message& any);

inline SentAttributes attributes(const pb::Message& message, const char* name = "attributes") {
  SentAttributes all;
  each(message, name,
       [&](const pb::Message& entry) { all.emplace_back(text(entry, "key"), canonical(child(entry, "value"))); });
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return all;
}

inline std::string canonical(const pb::Message& any) {
  const auto* reflection = any.GetReflection();
  const auto* which = reflection->GetOneofFieldDescriptor(any, any.GetDescriptor()->FindOneofByName("value"));
  if (which == nullptr) return "e";
  const std::string& name = which->name();
  if (name == "string_value") return "s:" + reflection->GetString(any, which);
  if (name == "bytes_value") return "b:" + reflection->GetString(any, which);
  if (name == "bool_value") return reflection->GetBool(any, which) ? "t" : "f";
  if (name == "int_value") return "i:" + std::to_string(reflection->GetInt64(any, which));
  if (name == "double_value") {
    return "d:" + std::to_string(std::bit_cast<std::uint64_t>(reflection->GetDouble(any, which)));
  }
  const pb::Message& composite = reflection->GetMessage(any, which);
  std::string out;
  if (name == "array_value") {
    each(composite, "values", [&](const pb::Message& element) { out += canonical(element) + ","; });
    return "[" + out + "]";
  }
  for (const auto& [key, value] : attributes(composite, "values")) out += key + "=" + value + ",";
  return "{" + out + "}";
}

inline SentSpan span(const pb::Message& message) {
  SentSpan out{.trace_id = text(message, "trace_id"),
               .span_id = text(message, "span_id"),
               .parent_span_id = text(message, "parent_span_id"),
               .trace_state = text(message, "trace_state"),
               .name = text(message, "name"),
               .kind = number(message, "kind"),
               .start = number(message, "start_time_unix_nano"),
               .end = number(message, "end_time_unix_nano"),
               .flags = number(message, "flags"),
               .attributes = attributes(message),
               .events = {},
               .links = {},
               .dropped_attributes = number(message, "dropped_attributes_count"),
               .dropped_events = number(message, "dropped_events_count"),
               .dropped_links = number(message, "dropped_links_count"),
               .status = number(child(message, "status"), "code"),
               .status_message = text(child(message, "status"), "message"),
               .scope = {},
               .scope_version = {},
               .scope_schema_url = {},
               .scope_attributes = {},
               .resource_attributes = {},
               .resource_schema_url = {}};
  each(message, "events", [&](const pb::Message& event) {
    out.events.push_back({number(event, "time_unix_nano"), text(event, "name"), attributes(event),
                          number(event, "dropped_attributes_count")});
  });
  each(message, "links", [&](const pb::Message& link) {
    out.links.push_back({text(link, "trace_id"), text(link, "span_id"), text(link, "trace_state"), attributes(link),
                         number(link, "dropped_attributes_count"), number(link, "flags")});
  });
  return out;
}

}  // namespace sent_internal

struct Sent {
  bool parsed = false;
  std::size_t byte_size_long = 0;  ///< What libprotobuf would need for the same message.
  std::vector<SentSpan> spans;
};

/// Reads one or several joined export requests.
inline Sent read_sent(const Oracle& oracle, std::string_view bytes) {
  using namespace sent_internal;
  Sent sent;
  const auto request = oracle.parse(kTraceRequest, bytes);
  if (request == nullptr) return sent;
  sent.parsed = true;
  sent.byte_size_long = request->ByteSizeLong();
  each(*request, "resource_spans", [&](const pb::Message& resource_spans) {
    each(resource_spans, "scope_spans", [&](const pb::Message& scope_spans) {
      const pb::Message& scope = child(scope_spans, "scope");
      each(scope_spans, "spans", [&](const pb::Message& message) {
        SentSpan one = span(message);
        one.scope = text(scope, "name");
        one.scope_version = text(scope, "version");
        one.scope_attributes = attributes(scope);
        one.scope_schema_url = text(scope_spans, "schema_url");
        one.resource_attributes = attributes(child(resource_spans, "resource"));
        one.resource_schema_url = text(resource_spans, "schema_url");
        sent.spans.push_back(std::move(one));
      });
    });
  });
  return sent;
}

}  // namespace nanospan::golden
