// The strong side of the hook, in a library of its own (nanospan::gzip), which needs zlib.
#include "export/otlp/codec_body.h"
#include "net/gzip.h"

const nanospan::exporters::BodyCodec nanospan_gzip_r2 = nanospan::exporters::body_codec<nanospan::net::kGzipCodec>();
