#include "tests/support/scripted_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "net/http1_parser.h"
#include "net/http1_writer.h"

namespace nanospan::testing {

using net::EventLoop;
using net::Fd;
using net::Http1Parser;

Step respond(int status, const std::string& body, const std::vector<net::Header>& headers) {
  return send_bytes(net::response_head({status, headers, body, false}, true, "Thu, 01 Jan 1970 00:00:00 GMT") + body);
}

std::uint16_t closed_port() {
  net::SocketAddress address;
  net::SocketAddress::parse("127.0.0.1", 0, address);
  const Fd fd = std::move(net::listen_on(address, false)).value();
  return net::local_address(fd.get())->port();
}

// --- Connection: plays scripts ---

class ScriptedServer::Connection final : public net::FdHandler {
 public:
  Connection(EventLoop& loop, std::shared_ptr<Shared> shared, Fd fd)
      : loop_(loop), shared_(std::move(shared)), fd_(std::move(fd)), timer_(loop, [this] { play(); }) {
    EXPECT_TRUE(loop_.watch(fd_.get(), net::kReadable, *this).ok());
    if (take_script(Script::When::kConnect)) play();
  }
  ~Connection() override { end(); }

  void on_ready(unsigned ready) override {
    if ((ready & net::kFailed) != 0 && !reading_) return end();
    if ((ready & (net::kReadable | net::kFailed)) != 0) read_some();
    if (fd_) play();
  }
  bool open() const { return static_cast<bool>(fd_); }

 private:
  bool take_script(Script::When when) {
    const std::lock_guard lock(shared_->mutex);
    if (!steps_.empty() || shared_->scripts.empty()) return false;
    const Script& next = shared_->scripts.front();
    if (next.when != when || (when == Script::When::kBytes && received_ < next.bytes)) return false;
    steps_.assign(next.steps.begin(), next.steps.end());
    shared_->scripts.pop_front();
    return true;
  }

  void read_some() {
    char buffer[16384];
    while (fd_ && reading_) {
      const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return end();
      received_ += static_cast<std::size_t>(count);
      if (!parse({buffer, static_cast<std::size_t>(count)})) return;
      if (take_script(Script::When::kBytes)) return;
    }
  }

  bool parse(std::string_view input) {
    for (;;) {
      const Http1Parser::Step step = parser_.next(input);
      input.remove_prefix(step.consumed);
      switch (step.event) {
        case Http1Parser::Event::kNeedMore:
          return true;
        case Http1Parser::Event::kHead:
          body_.clear();
          break;
        case Http1Parser::Event::kBody:
          body_.append(step.body);
          break;
        case Http1Parser::Event::kDone:
          request_done();
          break;
        case Http1Parser::Event::kFault:
          ADD_FAILURE() << "the client sent a malformed request: " << net::describe(parser_.fault());
          end();
          return false;
      }
    }
  }

  void request_done() {
    const net::MessageHead& head = parser_.head();
    SeenRequest seen{std::string(head.method()), std::string(head.target()), {}, body_};
    for (std::size_t i = 0; i < head.headers.size(); ++i) {
      seen.headers.push_back({std::string(head.headers[i].name), std::string(head.headers[i].value)});
    }
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->requests.push_back(std::move(seen));
    }
    parser_.start_next();
    received_ = 0;
    if (!take_script(Script::When::kRequest) && steps_.empty()) steps_.push_back(respond(200));
  }

  void play() {
    while (fd_ && !steps_.empty() && !timer_.armed()) {
      Step& step = steps_.front();
      switch (step.what) {
        case Step::What::kSend:
        case Step::What::kEndless:
          if (!send_piece(step)) return;
          break;
        case Step::What::kWait:
          timer_.arm(loop_.clock().monotonic_now() + step.nanos);
          steps_.pop_front();
          return;
        case Step::What::kClose:
          return end();
        case Step::What::kReset:
          return reset();
        case Step::What::kStopReading:
          reading_ = false;
          loop_.set_interest(fd_.get(), 0);
          steps_.pop_front();
          break;
      }
    }
  }

  bool send_piece(Step& step) {
    const std::size_t left = step.bytes.size() - sent_;
    const ssize_t count = ::send(fd_.get(), step.bytes.data() + sent_, left, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) {
      end();
      return false;
    }
    sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
    const bool done = sent_ == step.bytes.size();
    loop_.set_interest(fd_.get(), (reading_ ? net::kReadable : 0U) | (done ? 0U : net::kWritable));
    if (!done) return false;
    sent_ = 0;
    if (step.what == Step::What::kSend) steps_.pop_front();
    return true;
  }

  void reset() {
    const linger abort{1, 0};  // close() then sends RST
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    end();
  }

  void end() {
    loop_.unwatch(fd_.get());
    timer_.cancel();
    fd_.reset();
  }

  EventLoop& loop_;
  const std::shared_ptr<Shared> shared_;
  Fd fd_;
  net::Timer timer_;
  Http1Parser parser_{Http1Parser::Role::kRequests, {}};
  std::string body_;
  std::deque<Step> steps_;
  std::size_t sent_ = 0;      // of the first step
  std::size_t received_ = 0;  // of the present request
  bool reading_ = true;
};

// --- Listener ---

class ScriptedServer::Listener final : public net::FdHandler {
 public:
  Listener(EventLoop& loop, std::shared_ptr<Shared> shared, Fd fd)
      : loop_(loop), shared_(std::move(shared)), fd_(std::move(fd)) {}
  ~Listener() override { loop_.unwatch(fd_.get()); }

  void start() { EXPECT_TRUE(loop_.watch(fd_.get(), net::kReadable, *this).ok()); }

  void on_ready(unsigned /*ready*/) override {
    std::erase_if(connections_, [](const auto& connection) { return !connection->open(); });
    for (;;) {
      net::Accepted accepted = net::accept_on(fd_.get());
      if (!accepted.fd) return;
      {
        const std::lock_guard lock(shared_->mutex);
        ++shared_->connections;
      }
      connections_.push_back(std::make_unique<Connection>(loop_, shared_, std::move(accepted.fd)));
    }
  }

 private:
  EventLoop& loop_;
  const std::shared_ptr<Shared> shared_;
  const Fd fd_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

namespace {

Fd listen_on_loopback() {
  net::SocketAddress address;
  net::SocketAddress::parse("127.0.0.1", 0, address);
  return std::move(net::listen_on(address, false)).value();
}

}  // namespace

ScriptedServer::ScriptedServer()
    : thread_(std::move(net::LoopThreads::start(1, "scripted")).value()), loop_(*thread_->loops().front()) {
  Fd fd = listen_on_loopback();
  port_ = net::local_address(fd.get())->port();
  listener_ = std::make_shared<Listener>(loop_, shared_, std::move(fd));
  loop_.post([listener = listener_] { listener->start(); });
}

ScriptedServer::ScriptedServer(EventLoop& loop) : loop_(loop) {
  Fd fd = listen_on_loopback();
  port_ = net::local_address(fd.get())->port();
  listener_ = std::make_shared<Listener>(loop_, shared_, std::move(fd));
  listener_->start();
}

ScriptedServer::~ScriptedServer() {
  if (thread_) thread_->stop();
  listener_.reset();
}

void ScriptedServer::script(Script script) {
  const std::lock_guard lock(shared_->mutex);
  shared_->scripts.push_back(std::move(script));
}

std::vector<SeenRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->requests;
}

std::size_t ScriptedServer::connections() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->connections;
}

}  // namespace nanospan::testing
