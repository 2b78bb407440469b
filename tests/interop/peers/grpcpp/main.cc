// A client and a server on grpc++ (C++'s official gRPC), for messages as bytes: the test makes and reads them.
//
//   grpcpp call HOST:PORT METHOD none|gzip|deflate COUNT [CA_PEM [CERTIFICATE_PEM KEY_PEM]]
//       Sends the message on standard input COUNT times at once on one channel; prints "CODE how often text" for each
//       kind of answer. With CA_PEM over TLS.
//   grpcpp serve FILE [CERTIFICATE_PEM KEY_PEM [CLIENT_CA_PEM]]
//       Prints "port N"; appends each message it gets to FILE, after its length (4 bytes, big endian); until standard
//       input ends. With a certificate over TLS; with CLIENT_CA_PEM it wants one of its clients.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <fstream>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
};

using Words = std::vector<std::string>;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// files: none, those of the servers' authority, of our certificate, of its key.
std::shared_ptr<grpc::ChannelCredentials> client_credentials(const Words& files) {
  if (files.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = content(files[0]);
  if (files.size() == 3) {
    options.pem_cert_chain = content(files[1]);
    options.pem_private_key = content(files[2]);
  }
  return grpc::SslCredentials(options);
}

/// files: none, those of our certificate, of its key, of the clients' authority.
std::shared_ptr<grpc::ServerCredentials> server_credentials(const Words& files) {
  if (files.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs = {{content(files[1]), content(files[0])}};
  if (files.size() == 3) {
    options.pem_root_certs = content(files[2]);
    options.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return grpc::SslServerCredentials(options);
}

int call(const std::string& target, const std::string& method, const std::string& compression, int count,
         const Words& files) {
  const std::string message{std::istreambuf_iterator<char>(std::cin), {}};
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::GenericStub stub(grpc::CreateChannel(target, client_credentials(files)));
  std::mutex mutex;
  std::condition_variable changed;
  int left = count;
  std::map<std::string, int> seen;
  std::list<Call> calls(static_cast<std::size_t>(count));
  for (Call& one : calls) {
    if (compression == "gzip") one.context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    if (compression == "deflate") one.context.set_compression_algorithm(GRPC_COMPRESS_DEFLATE);
    one.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    stub.UnaryCall(&one.context, method, {}, &request, &one.answer, [&](const grpc::Status& status) {
      const std::lock_guard lock(mutex);
      ++seen[std::to_string(status.error_code()) + "\t" + status.error_message()];
      if (--left == 0) changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return left == 0; });
  for (const auto& [status, times] : seen) {
    const std::size_t tab = status.find('\t');
    std::cout << status.substr(0, tab) << ' ' << times << ' ' << status.substr(tab + 1) << '\n';
  }
  return 0;
}

class Keeper final : public grpc::CallbackGenericService {
 public:
  explicit Keeper(const std::string& path) : file_(path, std::ios::binary) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Reactor(*this);
  }

 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(Keeper& keeper) : keeper_(keeper) { StartRead(&message_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no message"));
      keeper_.keep(message_);
      StartWriteAndFinish(&answer_, {}, grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    Keeper& keeper_;
    grpc::ByteBuffer message_;
    const grpc::Slice nothing_;
    grpc::ByteBuffer answer_{&nothing_, 1};
  };

  void keep(const grpc::ByteBuffer& message) {
    std::vector<grpc::Slice> slices;
    message.Dump(&slices);
    const auto size = static_cast<std::uint32_t>(message.Length());
    const std::lock_guard lock(mutex_);
    for (int shift = 24; shift >= 0; shift -= 8) file_.put(static_cast<char>(size >> shift));
    for (const grpc::Slice& slice : slices) {
      file_.write(reinterpret_cast<const char*>(slice.begin()), static_cast<std::streamsize>(slice.size()));
    }
    file_.flush();
  }

  std::mutex mutex_;
  std::ofstream file_;
};

int serve(const std::string& path, const Words& files) {
  Keeper keeper(path);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", server_credentials(files), &port);
  builder.RegisterCallbackGenericService(&keeper);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::cout << "port " << port << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  server->Shutdown();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const Words words(arguments + 1, arguments + count);
  const auto from = [&](std::size_t first) {
    return Words(words.begin() + static_cast<std::ptrdiff_t>(first), words.end());
  };
  const std::string what = words.empty() ? "" : words[0];
  if (what == "call" && (words.size() == 5 || words.size() == 6 || words.size() == 8)) {
    return call(words[1], words[2], words[3], std::stoi(words[4]), from(5));
  }
  if (what == "serve" && (words.size() == 2 || words.size() == 4 || words.size() == 5)) return serve(words[1], from(2));
  std::cerr << "usage: grpcpp call HOST:PORT METHOD none|gzip|deflate COUNT [CA_PEM [CERTIFICATE_PEM KEY_PEM]]\n"
               "       grpcpp serve FILE [CERTIFICATE_PEM KEY_PEM [CLIENT_CA_PEM]]\n";
  return 2;
}
