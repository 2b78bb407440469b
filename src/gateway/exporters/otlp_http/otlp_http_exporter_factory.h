// The `otlp_http` exporter (alias `otlphttp`): OTLP over HTTP/1.1 to another receiver.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExporterFactory otlp_http_exporter_factory();

}  // namespace nanospan::gateway
