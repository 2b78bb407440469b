#include "net/resolver.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "tests/net/loop_fixture.h"

namespace nanospan::net {
namespace {

/// A system resolver that hangs until the test lets it go, as one with dead name servers does.
struct HungResolver {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int calls = 0;
  int returned = 0;

  Result<Addresses> lookup(std::uint16_t port) {
    std::unique_lock lock(mutex);
    ++calls;
    changed.wait(lock, [this] { return open; });
    ++returned;
    changed.notify_all();
    SocketAddress address;
    SocketAddress::parse("192.0.2.1", port, address);
    return Addresses{address};
  }
  void release_and_wait() {
    std::unique_lock lock(mutex);
    open = true;
    changed.notify_all();
    changed.wait(lock, [this] { return returned == calls; });
  }
};

class ResolverTest : public LoopTest {
 protected:
  Resolver::Lookup hung_lookup() {
    return [hung = hung_](const std::string&, std::uint16_t port) { return hung->lookup(port); };
  }
  void resolve(Resolver& resolver, const std::string& host, std::optional<Result<Addresses>>& out) {
    resolver.resolve(host, 4318, base::Deadline::after(clock_, kSeconds),
                     [&out](Result<Addresses> r) { out = std::move(r); });
  }
  const std::shared_ptr<HungResolver> hung_ = std::make_shared<HungResolver>();
};

TEST_F(ResolverTest, LiteralsAndLocalhostNeedNoLookup) {
  Resolver resolver(*loop_, [](const std::string& host, std::uint16_t) -> Result<Addresses> {
    return Error{ErrorCode::kNotFound, "asked for " + host};
  });
  const std::pair<const char*, std::vector<std::string>> cases[] = {
      {"127.0.0.1", {"127.0.0.1:4318"}}, {"::1", {"[::1]:4318"}}, {"localhost", {"127.0.0.1:4318", "[::1]:4318"}}};
  for (const auto& [host, expected] : cases) {
    std::optional<Result<Addresses>> result;
    resolve(resolver, host, result);
    EXPECT_FALSE(result.has_value()) << "never from within resolve()";
    ASSERT_TRUE(run_until([&] { return result.has_value(); }));
    ASSERT_TRUE(result->ok()) << result->error().message;
    std::vector<std::string> texts;
    for (const SocketAddress& address : **result) texts.push_back(address.text());
    EXPECT_EQ(texts, expected);
  }
}

TEST_F(ResolverTest, ANameIsLookedUpOnAThread) {
  Resolver resolver(*loop_, hung_lookup());
  std::optional<Result<Addresses>> result;
  resolve(resolver, "collector.example", result);
  hung_->release_and_wait();
  ASSERT_TRUE(run_until([&] { return result.has_value(); }));
  ASSERT_TRUE(result->ok());
  EXPECT_EQ((**result)[0].text(), "192.0.2.1:4318");
}

TEST_F(ResolverTest, AHungLookupEndsAtTheDeadlineAndItsLateAnswerIsDropped) {
  Resolver resolver(*loop_, hung_lookup());
  std::optional<Result<Addresses>> result;
  resolve(resolver, "collector.example", result);
  advance(2 * kSeconds);
  ASSERT_TRUE(result.has_value());
  ASSERT_FALSE(result->ok());
  EXPECT_EQ(result->error().code, ErrorCode::kDeadlineExceeded);
  hung_->release_and_wait();
  settle();
  EXPECT_FALSE(result->ok());
}

TEST_F(ResolverTest, HungLookupsAreBounded) {
  Resolver resolver(*loop_, hung_lookup());
  std::optional<Result<Addresses>> results[Resolver::kLookupsMax + 1];
  for (auto& result : results) resolve(resolver, "collector.example", result);
  ASSERT_TRUE(run_until([&] { return results[Resolver::kLookupsMax].has_value(); }));
  EXPECT_EQ(results[Resolver::kLookupsMax]->error().code, ErrorCode::kResourceExhausted);
  hung_->release_and_wait();
  ASSERT_TRUE(run_until([&] { return results[0].has_value() && results[1].has_value(); }));
  std::optional<Result<Addresses>> again;
  resolve(resolver, "collector.example", again);  // there is room once more
  ASSERT_TRUE(run_until([&] { return again.has_value(); }));
  EXPECT_TRUE(again->ok());
}

TEST_F(ResolverTest, ALookupMayOutliveResolverAndLoop) {
  {
    auto loop = std::move(EventLoop::create(clock_)).value();
    Resolver resolver(*loop, hung_lookup());
    resolver.resolve("collector.example", 1, base::Deadline::never(), [](Result<Addresses>) { ADD_FAILURE(); });
  }
  {
    std::unique_lock lock(hung_->mutex);
    hung_->open = true;
    hung_->changed.notify_all();
    hung_->changed.wait(lock, [&] { return hung_->returned == 1; });
  }
}

TEST_F(ResolverTest, TheSystemResolverNamesWhatItCouldNotFind) {
  const Result<Addresses> result = Resolver::system_lookup("no-such-host.invalid", 1);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::net
