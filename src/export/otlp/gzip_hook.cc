// The weak side of the hook. Thread-safe.
#include "export/otlp/gzip_hook.h"

#pragma weak nanospan_gzip_r1
#pragma weak nanospan_gunzip_r1

namespace nanospan::exporters {

GzipEncoder gzip_encoder() { return &nanospan_gzip_r1; }
GzipDecoder gzip_decoder() { return &nanospan_gunzip_r1; }

}  // namespace nanospan::exporters
