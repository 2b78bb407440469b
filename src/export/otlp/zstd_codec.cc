// The strong side of the hook, in a library of its own (nanospan::zstd), which needs libzstd.
#include "export/otlp/codec_body.h"
#include "net/codec_zstd.h"

const nanospan::exporters::BodyCodec nanospan_zstd_r1 = nanospan::exporters::body_codec<nanospan::net::kZstdCodec>();
