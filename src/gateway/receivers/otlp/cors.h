// Cross-origin answers (Fetch standard, "CORS protocol"): lets browsers send spans from pages of the allowed origins.
// Pure functions.
#pragma once

#include <optional>

#include "gateway/receivers/otlp/otlp_receiver_config.h"
#include "net/http_message.h"

namespace nanospan::gateway {

/// The answer to a preflight (OPTIONS with Access-Control-Request-Method), or nothing if this is none or its origin is
/// not allowed.
std::optional<net::Response> preflight_answer(const CorsOptions& options, const net::MessageHead& head);

/// Adds what a browser needs to let a page of an allowed origin read the answer.
void add_cors_headers(const CorsOptions& options, std::string_view origin, net::Response& response);

}  // namespace nanospan::gateway
