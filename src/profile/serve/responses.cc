// The headers and bodies that pprof's tools and browsers expect. Pure.
#include "profile/serve/responses.h"

#include <utility>

#include "profile/format/pprof.h"
#include "profile/format/text.h"
#include "profile/page/page.h"
#include "profile/symbol/source_lines.h"

namespace nanospan::profile {
namespace {

net::Response response_of(int status, std::string type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::move(type)});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = std::move(body);
  return response;
}

/// The page with one profile in it: a file that shows it anywhere.
std::string page_with(const std::string& profile_json) {
  constexpr std::string_view kMark = "<!--PROFILE-->";
  std::string data = R"(<script type="application/json" id="saved">)";
  for (const char c : profile_json) {  // "</script>" in a name would end it
    if (c == '<') {
      data += "\\u003c";
    } else {
      data += c;
    }
  }
  std::string page(page_html());
  return page.replace(page.find(kMark), kMark.size(), data + "</script>");
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kUnsupported:
      return 501;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

net::Response text_response(int status, std::string text) {
  return response_of(status, "text/plain; charset=utf-8", std::move(text));
}

net::Response html_response(std::string_view html) {
  net::Response response = response_of(200, "text/html; charset=utf-8", std::string(html));
  // Everything is in the page; nothing is loaded from elsewhere, and nobody frames it.
  response.headers.push_back({"Content-Security-Policy",
                              "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                              "connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'"});
  response.headers.push_back({"Referrer-Policy", "no-referrer"});
  return response;
}

net::Response error_response(int status, const std::string& message) {
  net::Response response = text_response(status, message + "\n");
  response.headers.push_back({"X-Go-Pprof", "1"});
  return response;
}

net::Response error_response(const Error& error) { return error_response(status_of(error.code), error.message); }

Result<ProfileFormat> format_of(const Query& query) {
  const std::string_view format = query.text("format");
  if (format == "collapsed") return ProfileFormat::kCollapsed;
  if (format == "speedscope") return ProfileFormat::kSpeedscope;
  if (format == "html") return ProfileFormat::kHtml;
  if (format == "page") return ProfileFormat::kPage;
  if (!format.empty() && format != "pprof") {
    return Error{ErrorCode::kInvalidArgument,
                 "format is " + quoted(format) + "; it may be pprof, collapsed, speedscope, html or page"};
  }
  const Result<std::uint64_t> debug = query.number("debug", 0, 0, 2);
  if (!debug) return debug.error();
  return format.empty() && *debug > 0 ? ProfileFormat::kListing : ProfileFormat::kPprof;
}

Result<bool> lines_of(const Query& query) {
  const Result<std::uint64_t> lines = query.number("lines", 0, 0, 1);
  if (!lines) return lines.error();
  if (*lines == 1 && !has_source_lines()) {
    return Error{ErrorCode::kUnsupported, "there are no lines in this program: link nanospan::profile_lines"};
  }
  return *lines == 1;
}

net::Response profile_response(const Profile& profile, ProfileFormat format, const std::string& name) {
  switch (format) {
    case ProfileFormat::kCollapsed:
      return text_response(200, collapsed_text(profile));
    case ProfileFormat::kListing:
      return text_response(200, listing_text(profile));
    case ProfileFormat::kSpeedscope:
      return response_of(200, "application/json", speedscope_json(profile));
    case ProfileFormat::kHtml:
      return html_response(page_with(page_json(profile)));
    case ProfileFormat::kPage:
      return response_of(200, "application/json", page_json(profile));
    case ProfileFormat::kPprof:
      break;
  }
  Result<net::ByteBlock> file = pprof_file(profile);
  if (!file) return error_response(file.error());
  net::Response response = response_of(200, "application/octet-stream", std::string(file->view()));
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"" + name + ".pb.gz\""});
  return response;
}

}  // namespace nanospan::profile
