// Keys that the exporters of OTLP share, over HTTP or gRPC. Read by one thread.
#pragma once

#include <vector>

#include "gateway/codec/content_coding.h"
#include "gateway/config/map_reader.h"
#include "net/http1_message.h"

namespace nanospan::gateway {

/// The Collector's default is gzip; `none` costs far less CPU where the network is near.
struct OtlpCompression {
  const ContentCoding* coding = find_content_coding("gzip");  ///< Null: none.
  int level = 1;                                              ///< Within what the codec takes.
};

/// `headers`: complains about what cannot be sent.
void read_otlp_headers(MapReader& reader, std::vector<net::Header>& out);
/// `compression` and `compression_params`.
void read_otlp_compression(MapReader& reader, OtlpCompression& out);
/// `tls`: only what says that there is none.
void read_otlp_tls(MapReader& reader);

}  // namespace nanospan::gateway
