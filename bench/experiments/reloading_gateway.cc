#include "bench/experiments/reloading_gateway.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "bench/stage.h"

namespace nanospan::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenReloads(100);
constexpr milliseconds kStartMax(10'000);

/// One that nobody listens on. A gateway that listens anew needs the same one each time.
std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, any, size) != 0 || getsockname(fd, any, &size) != 0) fail("no free port");
  close(fd);
  return ntohs(address.sin_port);
}

std::filesystem::path new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "nanospan-stalls-").string() + std::string(6, 'X');
  if (mkdtemp(name.data()) == nullptr) fail("cannot make a folder: " + name);
  return name;
}

}  // namespace

ReloadingGateway::ReloadingGateway() : folder_(new_folder()), port_(free_port()) {
  write_config(0);
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "nanospan";
  const std::string config = folder_ / "config.yaml", log = folder_ / "log";
  process_ = fork();
  if (process_ < 0) fail("fork failed");
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDERR_FILENO);
    execl(program.c_str(), "nanospan", "serve", "--config", config.c_str(), nullptr);
    _exit(127);
  }
  for (milliseconds waited{}; start_blocks() == 0; waited += milliseconds(5)) {
    if (waited > kStartMax || waitpid(process_, nullptr, WNOHANG) != 0) fail("the gateway did not start: " + log);
    std::this_thread::sleep_for(milliseconds(5));
  }
  reloader_ = std::jthread([this](const std::stop_token& stopped) { reload_until_stopped(stopped); });
}

ReloadingGateway::~ReloadingGateway() {
  stop();
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string ReloadingGateway::traces_endpoint() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces";
}

std::uint64_t ReloadingGateway::stop() {
  if (reloader_.joinable()) {
    reloader_.request_stop();
    reloader_.join();
  }
  return start_blocks() - 1;
}

/// Moved into place, so that no reload reads half of it.
void ReloadingGateway::write_config(std::uint64_t number) const {
  std::ofstream out(folder_ / "next.yaml");
  out << "receivers:\n  otlp: {protocols: {http: {endpoint: \"127.0.0.1:" << port_ << "\", "
      << "read_header_timeout: " << 10 + number % 2 << "s}}}\nexporters: {nop: {}}\n"
      << "service:\n  telemetry: {metrics: {level: none}}\n"
      << "  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}\n";
  out.close();
  std::filesystem::rename(folder_ / "next.yaml", folder_ / "config.yaml");
}

/// The gateway prints itself at its start and after each reload that changed something.
std::uint64_t ReloadingGateway::start_blocks() const {
  std::uint64_t blocks = 0;
  std::ifstream log(folder_ / "log");
  for (std::string line; std::getline(log, line);) blocks += line == "nanospan serves" ? 1U : 0U;
  return blocks;
}

void ReloadingGateway::reload_until_stopped(const std::stop_token& stopped) const {
  for (std::uint64_t number = 1; !stopped.stop_requested(); ++number) {
    write_config(number);
    kill(process_, SIGHUP);
    std::this_thread::sleep_for(kBetweenReloads);
  }
}

}  // namespace nanospan::bench
