#include "net/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "net/socket.h"

namespace nanospan::net {
namespace {

class EpollPoller : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    near_ = Fd(ends[0]);
    far_ = Fd(ends[1]);
  }
  std::size_t wait(std::uint64_t nanos = 0) { return poller_->wait(events_, nanos); }

  const std::unique_ptr<Poller> poller_ = std::move(make_epoll_poller()).value();
  std::array<PollEvent, 8> events_;
  Fd near_, far_;
};

TEST_F(EpollPoller, ReportsWhatIsWatchedForAgainAndAgain) {
  ASSERT_TRUE(poller_->add(near_.get(), kReadable, 7).ok());
  EXPECT_EQ(wait(), 0u);
  ASSERT_EQ(::write(far_.get(), "x", 1), 1);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(wait(base::kNever), 1u);
    EXPECT_EQ(events_[0].tag, 7u);
    EXPECT_EQ(events_[0].ready, kReadable);
  }
  ASSERT_TRUE(poller_->modify(near_.get(), kWritable, 8).ok());
  ASSERT_EQ(wait(), 1u);
  EXPECT_EQ(events_[0].tag, 8u);
  EXPECT_EQ(events_[0].ready, kWritable);
  poller_->remove(near_.get());
  EXPECT_EQ(wait(), 0u);
}

TEST_F(EpollPoller, FailureIsReportedToWhoWatchesForNothing) {
  ASSERT_TRUE(poller_->add(near_.get(), 0, 7).ok());
  far_.reset();
  ASSERT_EQ(wait(), 1u);
  EXPECT_EQ(events_[0].ready, kFailed);
}

TEST_F(EpollPoller, WakesBeforeDuringAndOnlyOnce) {
  poller_->wake();
  poller_->wake();
  EXPECT_EQ(wait(base::kNever), 0u);
  std::thread waker([this] { poller_->wake(); });
  EXPECT_EQ(wait(base::kNever), 0u);
  waker.join();
  EXPECT_EQ(wait(1), 0u);
}

TEST_F(EpollPoller, ADescriptorThatCannotBeWatchedIsAnError) {
  const Status status = poller_->add(-1, kReadable, 1);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kSystem);
}

TEST_F(EpollPoller, AfterAbandonNothingHappens) {
  poller_->abandon_after_fork();
  EXPECT_TRUE(poller_->add(near_.get(), kReadable, 1).ok());
  poller_->remove(near_.get());
  EXPECT_EQ(wait(base::kNever), 0u);
}

}  // namespace
}  // namespace nanospan::net
