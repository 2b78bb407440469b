// An Http1Client on a loop with a fake clock, against a scripted server on the same loop.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/http1_client.h"
#include "tests/net/loop_fixture.h"
#include "tests/support/scripted_server.h"

namespace nanospan::net {

using testing::close_now;
using testing::reset_now;
using testing::respond;
using testing::Script;
using testing::ScriptedServer;
using testing::send_bytes;
using testing::send_endlessly;
using testing::stop_reading;
using testing::wait_nanos;

class Http1ClientTest : public LoopTest {
 protected:
  void TearDown() override {
    client_.reset();
    settle();
  }
  Http1Client& client(std::uint16_t port) {
    if (!client_) {
      options_.origin.host = "127.0.0.1";
      options_.origin.port = port;
      client_ = std::move(Http1Client::create(*loop_, std::move(options_))).value();
    }
    return *client_;
  }
  Http1Client& client() { return client(server_.port()); }
  HttpRequest request(std::string_view body = "hello") const {
    HttpRequest request;
    request.target = "/v1/traces";
    request.body = {body};
    request.deadline = base::Deadline::after(clock_, 10 * kSeconds);
    return request;
  }
  /// Sends and waits for the completion.
  HttpResult exchange(HttpRequest request) {
    std::optional<HttpResult> result;
    client().send(std::move(request), [&](HttpResult done) { result = std::move(done); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? std::move(*result) : HttpResult(HttpError{});
  }
  HttpResult exchange() { return exchange(request()); }
  void expect_failure(HttpFailure failure, std::string_view text, bool may_have_arrived = true) {
    const HttpResult result = exchange();
    ASSERT_FALSE(result.ok()) << result.response.status;
    EXPECT_EQ(to_string(result.error.failure), to_string(failure)) << result.error.error.message;
    EXPECT_NE(result.error.error.message.find(text), std::string::npos) << result.error.error.message;
    EXPECT_EQ(result.error.error.message.find("http://127.0.0.1:"), 0u) << "the message begins with the origin";
    EXPECT_EQ(result.error.may_have_arrived, may_have_arrived);
  }

  ScriptedServer server_{*loop_};
  Http1ClientOptions options_;
  std::unique_ptr<Http1Client> client_;
};

}  // namespace nanospan::net
