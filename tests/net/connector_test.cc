// From a name to a stream: address after address, and every way in which that ends.
#include "net/connector.h"

#include <gmock/gmock.h>

#include <optional>

#include "tests/net/loop_fixture.h"

namespace nanospan::net {
namespace {

using ::testing::HasSubstr;

class ConnectorTest : public LoopTest {
 protected:
  static SocketAddress address(std::string_view literal, std::uint16_t port) {
    SocketAddress made;
    EXPECT_TRUE(SocketAddress::parse(literal, port, made));
    return made;
  }
  /// A port on which nobody listens, and one on which somebody does.
  std::uint16_t closed_port() {
    const Fd once = listen_on(address("127.0.0.1", 0), false).value();
    return local_address(once.get())->port();
  }
  std::uint16_t open_port() {
    listener_ = listen_on(address("127.0.0.1", 0), false).value();
    return local_address(listener_.get())->port();
  }
  void connect(base::Deadline deadline = base::Deadline::never()) {
    connector_.emplace(*loop_, resolver_, make_stream_);
    connector_->connect(route_, deadline, [this](Connector::Outcome outcome) {
      outcome_ = std::move(outcome);
      connector_.reset();  // as a user may
    });
  }

  Fd listener_;
  // Shared with the lookup, which runs on a thread of its own and may outlive a test that cancels.
  std::shared_ptr<Result<Addresses>> addresses_ = std::make_shared<Result<Addresses>>(Addresses());
  Resolver resolver_{*loop_, [answer = addresses_](const std::string&, std::uint16_t) { return *answer; }};
  StreamFactory make_stream_;
  Route route_{"name", 1, {}, {}};
  std::optional<Connector> connector_;
  std::optional<Connector::Outcome> outcome_;
};

TEST_F(ConnectorTest, TheFirstAddressThatAnswersIsTaken) {
  *addresses_ = Addresses{address("127.0.0.1", closed_port()), address("127.0.0.1", open_port())};
  connect();
  ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
  EXPECT_NE(outcome_->stream, nullptr);
}

TEST_F(ConnectorTest, WhenAllRefuseThatIsSaid) {
  *addresses_ = Addresses{address("127.0.0.1", closed_port())};
  connect();
  ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->stream, nullptr);
  EXPECT_EQ(outcome_->failure, HttpFailure::kRefused);
  EXPECT_THAT(outcome_->message, HasSubstr("Connection refused"));
}

TEST_F(ConnectorTest, ANameWithoutAddressIsItsOwnFailure) {
  *addresses_ = Error{ErrorCode::kNotFound, "no such host"};
  connect();
  EXPECT_TRUE(connector_->resolving());
  ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->failure, HttpFailure::kResolve);
}

TEST_F(ConnectorTest, AfterCancelNothingIsCalled) {
  *addresses_ = Addresses{address("127.0.0.1", open_port())};
  connect();
  connector_->cancel();
  settle();
  EXPECT_FALSE(outcome_.has_value());
}

TEST_F(ConnectorTest, APeerThatNeverAgreesIsGivenUpAfterTwentySeconds) {
  make_stream_ = [](Fd socket) { return std::make_unique<MuteStream>(std::move(socket)); };
  *addresses_ = Addresses{address("127.0.0.1", open_port())};
  connect();
  ASSERT_TRUE(run_until([&] { return connector_->phase() == "in the TLS handshake"; }));
  advance(20 * kSeconds - 1);
  EXPECT_FALSE(outcome_.has_value());
  advance(1);
  ASSERT_TRUE(outcome_.has_value());
  EXPECT_EQ(outcome_->failure, HttpFailure::kConnectTimeout);
  EXPECT_EQ(outcome_->message, "gave up after 20 s in the TLS handshake");
}

TEST_F(ConnectorTest, AStreamThatCannotBeMadeIsAFailure) {
  make_stream_ = [](Fd) { return std::unique_ptr<ByteStream>(); };
  *addresses_ = Addresses{address("127.0.0.1", open_port())};
  connect();
  ASSERT_TRUE(run_until([&] { return outcome_.has_value(); }));
  EXPECT_EQ(outcome_->stream, nullptr);
  EXPECT_EQ(outcome_->failure, HttpFailure::kSystem);
}

}  // namespace
}  // namespace nanospan::net
