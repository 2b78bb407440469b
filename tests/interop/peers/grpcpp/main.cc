// A client and a server on grpc++ (C++'s official gRPC), for messages as bytes: the test makes and reads them.
//
//   grpcpp call HOST:PORT METHOD none|gzip|deflate COUNT
//       Sends the message on standard input COUNT times at once on one channel; prints "CODE how often text" for each
//       kind of answer.
//   grpcpp serve FILE
//       Prints "port N"; appends each message it gets to FILE, after its length (4 bytes, big endian); until standard
//       input ends.
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

namespace {

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
};

int call(const std::string& target, const std::string& method, const std::string& compression, int count) {
  const std::string message{std::istreambuf_iterator<char>(std::cin), {}};
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::GenericStub stub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
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

int serve(const std::string& path) {
  Keeper keeper(path);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&keeper);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::cout << "port " << port << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  server->Shutdown();
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string what = count > 1 ? words[1] : "";
  if (what == "call" && count == 6) return call(words[2], words[3], words[4], std::stoi(words[5]));
  if (what == "serve" && count == 3) return serve(words[2]);
  std::cerr << "usage: grpcpp call HOST:PORT METHOD none|gzip|deflate COUNT | grpcpp serve FILE\n";
  return 2;
}
