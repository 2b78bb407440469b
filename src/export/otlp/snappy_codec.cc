// The strong side of the hook, in a library of its own (nanospan::snappy), which needs libsnappy. Both formats are in
// one object, so that one `-u` brings both.
#include "export/otlp/codec_body.h"
#include "net/codec_snappy.h"

using nanospan::exporters::body_codec;
using nanospan::exporters::BodyCodec;

const BodyCodec nanospan_snappy_r1 = body_codec<nanospan::net::kSnappyBlockCodec>();
const BodyCodec nanospan_snappy_framed_r1 = body_codec<nanospan::net::kSnappyFramedCodec>();
