// opentelemetry.proto.profiles.v1development and its collector service: as far down as samples are counted.
//
// The signal still changes with every release, so what is below a sample and in the dictionary is stepped over, not
// checked. Requests cannot be joined on bytes: each has one dictionary, which its profiles refer to by index.
#include "wire/otlp_schema_tables.h"

namespace nanospan::wire::schema {
namespace {

using enum FieldKind;

extern const MessageSchema kResourceProfiles, kScopeProfiles, kProfile, kSample, kPartialSuccess;

constexpr auto kSampleFields = by_number<1>({});
constexpr auto kProfileFields = by_number<3>({many(otlp::Profile::kSamples, "samples", kSample, Counted::kItems)});
constexpr auto kScopeProfilesFields = by_number<4>({
    one(otlp::ScopeProfiles::kScope, "scope", kScope),
    many(otlp::ScopeProfiles::kProfiles, "profiles", kProfile),
    scalar(otlp::ScopeProfiles::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kResourceProfilesFields = by_number<4>({
    one(otlp::ResourceProfiles::kResource, "resource", kResource),
    many(otlp::ResourceProfiles::kScopeProfiles, "scopeProfiles", kScopeProfiles, Counted::kScopes),
    scalar(otlp::ResourceProfiles::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kRequestFields = by_number<2>({many(otlp::ExportProfilesServiceRequest::kResourceProfiles,
                                                   "resourceProfiles", kResourceProfiles, Counted::kResources)});
constexpr auto kPartialSuccessFields = by_number<3>({
    scalar(otlp::ExportPartialSuccess::kRejected, kInt64, "rejectedProfiles"),
    scalar(otlp::ExportPartialSuccess::kErrorMessage, kString, "errorMessage"),
});
constexpr auto kResponseFields =
    by_number<2>({one(otlp::ExportServiceResponse::kPartialSuccess, "partialSuccess", kPartialSuccess)});

const MessageSchema kSample{"opentelemetry.proto.profiles.v1development.Sample", kSampleFields};
const MessageSchema kProfile{"opentelemetry.proto.profiles.v1development.Profile", kProfileFields};
const MessageSchema kScopeProfiles{"opentelemetry.proto.profiles.v1development.ScopeProfiles", kScopeProfilesFields};
const MessageSchema kResourceProfiles{"opentelemetry.proto.profiles.v1development.ResourceProfiles",
                                      kResourceProfilesFields};
const MessageSchema kPartialSuccess{"opentelemetry.proto.collector.profiles.v1development.ExportProfilesPartialSuccess",
                                    kPartialSuccessFields};

}  // namespace

const MessageSchema kExportProfilesServiceRequest{
    "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceRequest", kRequestFields};
const MessageSchema kExportProfilesServiceResponse{
    "opentelemetry.proto.collector.profiles.v1development.ExportProfilesServiceResponse", kResponseFields};

}  // namespace nanospan::wire::schema
