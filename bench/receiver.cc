// receiver: an OTLP server (HTTP/1.1, HTTP/2, gRPC) that decodes what it gets and counts it, so that no figure of a
// benchmark rests on bytes that nobody looked at.
//
//   receiver [--port N] [--spans | --fast] [--answer-after-ms N] [--die-with-parent]
//
// Prints "port N" when it listens on 127.0.0.1. POST /v1/traces validates the whole request as the gateway does (400 if
// it is not valid); GET /counts answers lines "name number"; POST /reset starts counting anew. With --spans (the
// default) it also reads every span: its attributes, and how long ago it ended (both clocks are this machine's).
// --answer-after-ms makes it a receiver far away. Bodies may be coded in any way that this build knows. One thread, one
// loop.
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include <charconv>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/histogram.h"
#include "gateway/codec/content_coding.h"
#include "net/event_loop.h"
#include "net/grpc_server.h"
#include "net/http2_server.h"
#include "net/http_server.h"
#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/validate.h"

namespace nanospan::bench {
namespace {

namespace otlp = wire::otlp;

constexpr std::size_t kBodyBytesMax = 64U << 20;

class CountingHandler final : public net::HttpHandler, public net::GrpcService {
 public:
  CountingHandler(net::EventLoop& loop, bool look_into_spans, std::uint64_t answer_after_nanos)
      : look_into_spans_(look_into_spans),
        answer_after_nanos_(answer_after_nanos),
        clock_(loop.clock()),
        timer_(loop, [this] { answer_due(); }) {}

  net::Admission on_headers(const net::MessageHead& head) override {
    if (head.path() == "/v1/traces" && head.method() == "POST") {
      if (head.headers.find("content-type").value_or("") != "application/x-protobuf") return answer(415, "");
      const std::string_view coding = coding_of(head);
      if (coding != "identity" && gateway::find_content_coding(coding) == nullptr) return answer(415, "");
      return net::Admission::accept(kBodyBytesMax);
    }
    if (head.path() == "/counts") return answer(200, counts());
    if (head.path() == "/reset" && head.method() == "POST") {
      requests_ = spans_ = attributes_ = bytes_ = invalid_ = 0;
      latency_.clear();
      return answer(200, "");
    }
    return answer(404, "");
  }

  void on_request(net::Request request, net::Responder responder) override {
    const std::string fault = count(request);
    if (!fault.empty()) return responder.respond({.status = 400, .headers = {}, .body = fault});
    answer_later([to = std::move(responder)]() mutable {
      to.respond({.status = 200, .headers = {{"Content-Type", "application/x-protobuf"}}, .body = {}});
    });
  }

  Decision on_call(const net::MessageHead&) override { return {{}, kBodyBytesMax, nullptr}; }

  void on_message(net::Request request, net::GrpcResponder responder) override {
    const std::string fault = count(request);
    if (!fault.empty()) return responder.fail({net::GrpcCode::kInvalidArgument, fault});
    answer_later([to = std::move(responder)]() mutable { to.succeed(""); });
  }

 private:
  struct Later {
    base::MonotonicNanos due;
    net::UniqueFunction<void()> answer;
  };

  /// Decodes one request and counts it; what is wrong with it.
  std::string count(const net::Request& request) {
    const std::string_view sent = request.body.view();
    ++requests_;
    bytes_ += sent.size();
    const std::string_view coding = coding_of(request.head);
    net::DecodeBuffer decoded(kBodyBytesMax);
    if (coding != "identity" &&
        !gateway::find_content_coding(coding)->codec->make_decoder()->decode({&sent, 1}, decoded)) {
      ++invalid_;
      return "the " + std::string(coding) + " body is broken";
    }
    const net::ByteBlock block = decoded.take();
    const std::string_view body = coding == "identity" ? sent : block.view();
    const wire::WalkResult walk = wire::validate_traces(body);
    if (!walk.ok()) {
      ++invalid_;
      return walk.fault.text;
    }
    spans_ += walk.counts.items;
    if (look_into_spans_) look_into(body);
    return {};
  }

  void answer_later(net::UniqueFunction<void()> answer) {
    if (answer_after_nanos_ == 0) return answer();
    later_.push_back({clock_.monotonic_now() + answer_after_nanos_, std::move(answer)});
    if (!timer_.armed()) timer_.arm(later_.front().due);
  }
  void answer_due() {
    for (; !later_.empty() && later_.front().due <= clock_.monotonic_now(); later_.pop_front()) {
      later_.front().answer();
    }
    if (!later_.empty()) timer_.arm(later_.front().due);
  }

  static std::string_view coding_of(const net::MessageHead& head) {
    return head.headers.find("content-encoding").value_or("identity");
  }

  static net::Admission answer(int status, std::string body) {
    return net::Admission::answer(
        {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)});
  }

  std::string counts() const {
    const auto line = [](std::string_view name, std::uint64_t value) {
      return std::string(name) + " " + std::to_string(value) + "\n";
    };
    return line("requests", requests_) + line("spans", spans_) + line("attributes", attributes_) +
           line("bytes", bytes_) + line("invalid", invalid_) + line("latency_count", latency_.count()) +
           line("latency_ns_p50", latency_.at(0.5)) + line("latency_ns_p99", latency_.at(0.99)) +
           line("latency_ns_max", latency_.max());
  }

  void look_into(std::string_view body) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const auto nanos = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
    for (wire::Reader request(body); request.next();) {
      for (wire::Reader resource = request.message(); resource.next();) {
        if (resource.field() != otlp::ResourceSpans::kScopeSpans) continue;
        for (wire::Reader scope = resource.message(); scope.next();) {
          if (scope.field() == otlp::ScopeSpans::kSpans) look_into_span(scope.message(), nanos);
        }
      }
    }
  }

  void look_into_span(wire::Reader span, std::uint64_t now) {
    while (span.next()) {
      if (span.field() == otlp::Span::kAttributes) ++attributes_;
      if (span.field() == otlp::Span::kEndTimeUnixNano) latency_.add(now > span.fixed64() ? now - span.fixed64() : 0);
    }
  }

  const bool look_into_spans_;
  const std::uint64_t answer_after_nanos_;
  const base::Clock& clock_;
  std::deque<Later> later_;
  net::Timer timer_;
  std::uint64_t requests_ = 0, spans_ = 0, attributes_ = 0, bytes_ = 0, invalid_ = 0;
  Histogram latency_;
};

int run(std::uint16_t port, bool look_into_spans, std::uint64_t answer_after_ms) {
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::create();
  if (!loop) return 1;
  net::HttpServerOptions options;
  options.port = port;
  options.http2 = net::http2_server_protocol();
  const auto counting = std::make_shared<CountingHandler>(**loop, look_into_spans, answer_after_ms * 1'000'000);
  const auto handler = std::make_shared<net::GrpcHandler>(counting, std::vector<std::string>(), counting);
  auto server = net::HttpServer::start({loop->get()}, std::move(options), handler);
  if (!server) {
    std::fprintf(stderr, "receiver: %s\n", server.error().message.c_str());
    return 1;
  }
  std::printf("port %u\n", static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);
  (*loop)->run();
  return 0;
}

}  // namespace
}  // namespace nanospan::bench

int main(int argc, char** argv) {
  bool look_into_spans = true;
  std::uint16_t port = 0;
  std::uint64_t answer_after_ms = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--die-with-parent") {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
    } else if (argument == "--spans" || argument == "--fast") {
      look_into_spans = argument == "--spans";
    } else if ((argument == "--port" || argument == "--answer-after-ms") && i + 1 < argc) {
      const std::string_view number = argv[++i];
      std::uint64_t value = 0;
      std::from_chars(number.data(), number.data() + number.size(), value);
      if (argument == "--port") {
        port = static_cast<std::uint16_t>(value);
      } else {
        answer_after_ms = value;
      }
    } else {
      std::fprintf(stderr, "usage: receiver [--port N] [--spans | --fast] [--answer-after-ms N] [--die-with-parent]\n");
      return 2;
    }
  }
  return nanospan::bench::run(port, look_into_spans, answer_after_ms);
}
