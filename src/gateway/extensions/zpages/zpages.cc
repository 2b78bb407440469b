// The pages. Threads: see the header.
#include "gateway/extensions/zpages/zpages.h"

#include <algorithm>
#include <cmath>

#include "gateway/config/units.h"

namespace nanospan::gateway {
namespace {

/// Everything between tags goes through here: names come from a configuration, warnings quote peers.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

net::Response page(int status, std::string_view title, const std::string& body) {
  net::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "text/html; charset=utf-8"});
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(title) +
                  "</title></head>\n<body><pre>\n<b>" + escaped(title) + "</b>\n\n" + body +
                  "\n<a href=\"/debug/servicez\">/debug/servicez</a>  "
                  "<a href=\"/debug/pipelinez\">/debug/pipelinez</a>  "
                  "<a href=\"/debug/extensionz\">/debug/extensionz</a>\n</pre></body></html>\n";
  return response;
}

/// Rows in columns as wide as their widest cell. The first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += "  " + escaped(row[i]);
      if (i + 1 < row.size()) out.append(widths[i] - row[i].size(), ' ');
    }
    out += '\n';
  }
  return rows.size() > 1 ? out : "  none\n";
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

}  // namespace

Status Zpages::start() {
  std::vector<StatusEndpoint::Page> pages;
  for (const char* const path : {"/", "/debug/servicez"}) {
    pages.push_back({path, [this] { return page(200, "Service nanospan", service_page()); }});
  }
  pages.push_back({"/debug/pipelinez", [this] { return page(200, "Pipelines", pipelines_page()); }});
  pages.push_back({"/debug/extensionz", [this] { return page(200, "Extensions", extensions_page()); }});
  pages.push_back({"/debug/featurez", [] { return page(200, "Feature gates", "  none\n"); }});
  pages.push_back({"/debug/tracez", [] {
                     return page(404, "Traces",
                                 "The gateway does not trace itself. Its CPU profile is at the extension pprof, its "
                                 "numbers are in its metrics.\n");
                   }});
  Result<std::unique_ptr<StatusEndpoint>> endpoint =
      StatusEndpoint::start(host_.shared_loop(), config_.address, std::move(pages));
  if (!endpoint) return endpoint.error();
  endpoint_ = std::move(endpoint).value();
  return {};
}

std::string Zpages::value(std::string_view metric, const Labels& labels) const {
  const std::optional<double> value = host_.metrics().value(metric, labels);
  return value ? std::to_string(std::llround(*value)) : "-";
}

std::string Zpages::service_page() const {
  const std::shared_ptr<const ServiceStatus> status = host_.status();
  const auto uptime = static_cast<std::uint64_t>(host_.metrics().value("otelcol_process_uptime", {}).value_or(0));
  std::string out = table({{"state", host_.is_ready() ? "ready" : "not ready: starting or draining"},
                           {"up for", format_duration(uptime * base::kNanosPerSecond)},
                           {"memory of requests", format_byte_size(host_.budget().used()) + " of " +
                                                      format_byte_size(host_.budget().bytes_max())},
                           {"limits", status->limits}});
  out += "\n<b>The last warnings: refused requests, failed sends, files</b>\n\n";
  const std::vector<std::string> lines = host_.log().recent();
  for (const std::string& line : lines) out += "  " + escaped(line);
  if (lines.empty()) out += "  none\n";
  return out;
}

std::string Zpages::pipelines_page() const {
  const std::shared_ptr<const ServiceStatus> status = host_.status();
  std::vector<std::vector<std::string>> pipelines{{"pipeline", "receivers", "processors", "exporters"}};
  for (const ServiceStatus::Pipeline& one : status->pipelines) {
    pipelines.push_back({one.name, one.receivers, or_dash(one.processors), one.exporters});
  }
  std::vector<std::vector<std::string>> receivers{{"receiver", "transport", "connections", "requests"}};
  std::vector<std::vector<std::string>> addresses{{"receiver", "listens"}};
  for (const ServiceStatus::Part& one : status->receivers) {
    addresses.push_back({one.name, one.description});
    for (const std::string_view transport : {"grpc", "http"}) {
      const Labels labels{{"receiver", one.name}, {"transport", transport}};
      if (!host_.metrics().value("nanospan_receiver_connections", labels)) continue;
      receivers.push_back({one.name, std::string(transport), value("nanospan_receiver_connections", labels),
                           value("nanospan_receiver_requests", labels)});
    }
  }
  std::vector<std::vector<std::string>> exporters{
      {"exporter", "signal", "queue", "capacity", "in flight", "items queued", "sent", "failed", "refused"}};
  std::vector<std::vector<std::string>> destinations{{"exporter", "signal", "sends to"}};
  for (const ServiceStatus::ExporterPart& one : status->exporters) {
    const SignalInfo& info = info_of(one.signal);
    const Labels labels{{"exporter", one.name}};
    const Labels with_type{{"exporter", one.name}, {"data_type", info.name}};
    const std::string items(info.metric_items);
    destinations.push_back({one.name, std::string(info.name), one.description});
    exporters.push_back(
        {one.name, std::string(info.name), value("otelcol_exporter_queue_size", with_type),
         value("otelcol_exporter_queue_capacity", with_type), value("otelcol_exporter_in_flight_requests", with_type),
         value("nanospan_exporter_queued_" + items, labels), value("otelcol_exporter_sent_" + items, labels),
         value("otelcol_exporter_send_failed_" + items, labels),
         value("otelcol_exporter_enqueue_failed_" + items, labels)});
  }
  return table(pipelines) + "\n" + table(receivers) + "\n" + table(exporters) + "\n" + table(addresses) + "\n" +
         table(destinations);
}

std::string Zpages::extensions_page() const {
  std::vector<std::vector<std::string>> extensions{{"extension", "serves"}};
  const std::shared_ptr<const ServiceStatus> status = host_.status();
  for (const ServiceStatus::Part& one : status->extensions) extensions.push_back({one.name, one.description});
  return table(extensions);
}

void Zpages::drain(base::Deadline deadline, net::Task done) {
  if (endpoint_ == nullptr) return done();
  endpoint_->drain(deadline, std::move(done));
}

std::string Zpages::describe() const {
  const ListenAddress shown{config_.address.host, endpoint_ ? endpoint_->port() : config_.address.port};
  return "http " + shown.text() + "/debug/servicez";
}

}  // namespace nanospan::gateway
