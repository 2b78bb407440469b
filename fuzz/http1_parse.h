// What both HTTP/1.1 fuzz targets check: parsing in one piece and in small ones must agree, and every limit must hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http1_parser.h"

namespace nanospan::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Everything that a parse found out, as one string; and the parser's own promises checked on the way.
inline std::string outcome(net::Http1Parser::Role role, std::string_view input, std::size_t step) {
  using Event = net::Http1Parser::Event;
  constexpr net::Http1Limits kLimits{128, 512, 8};
  constexpr std::size_t kBodyMax = 200;
  net::Http1Parser parser(role, kLimits);
  std::string found;
  std::size_t body = 0;
  for (std::size_t at = 0; at < input.size(); at += step) {
    std::string_view piece = input.substr(at, step);
    for (;;) {
      const net::Http1Parser::Step next = parser.next(piece);
      require(next.consumed <= piece.size());
      require(next.event != Event::kNeedMore || next.consumed == piece.size());
      piece.remove_prefix(next.consumed);
      if (next.event == Event::kNeedMore) break;
      if (next.event == Event::kFault) {
        require(parser.fault() != net::Http1Fault::kNone && !net::describe(parser.fault()).empty());
        return found + "!" + std::to_string(static_cast<int>(parser.fault()));
      }
      if (next.event == Event::kHead) {
        const net::MessageHead& head = parser.head();
        require(head.headers.size() <= kLimits.head_fields_max);
        found += "H" + std::string(head.method()) + std::string(head.path()) + std::to_string(head.status);
        for (std::size_t i = 0; i < head.headers.size(); ++i) {
          require(net::is_token(head.headers[i].name) && net::is_header_value(head.headers[i].value));
          found.append(head.headers[i].name).append("=").append(head.headers[i].value).append(";");
        }
        parser.set_body_limit(kBodyMax);
      } else if (next.event == Event::kBody) {
        body += next.body.size();
        require(body <= kBodyMax);
        found += next.body;
      } else if (next.event == Event::kDone) {
        found += "D";
        body = 0;
        parser.start_next();
        if (piece.empty()) break;
      }
    }
  }
  if (!parser.between_messages()) found += parser.end_of_stream() ? "D" : "?";
  return found;
}

inline void check_parser(net::Http1Parser::Role role, const std::uint8_t* data, std::size_t size) {
  if (size < 2) return;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  require(outcome(role, input, input.size()) == outcome(role, input, 1 + data[0] % 17));
}

}  // namespace nanospan::fuzz
