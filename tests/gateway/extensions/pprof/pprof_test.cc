// The gateway's own profile over raw HTTP; what profiles hold is the profiler's own business (tests/profile).
#include "gateway/extensions/pprof/pprof.h"

#include <gmock/gmock.h>

#include "gateway/extensions/pprof/pprof_config.h"
#include "gateway/extensions/pprof/pprof_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/test_host.h"

namespace nanospan::gateway {
namespace {

using testing::exchange;
using ::testing::HasSubstr;

TEST(Pprof, ServesTheProfileOfThisProcess) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: 127.0.0.1:0");
  std::unique_ptr<Component> pprof = pprof_factory().read({"pprof", ""}, text.reader)(host).value();
  ASSERT_EQ(text.errors(), "");
  ASSERT_TRUE(pprof->start().ok());
  const std::string shown = pprof->describe();  // "http 127.0.0.1:PORT/..."
  const auto port = static_cast<std::uint16_t>(std::stoi(shown.substr(shown.find(':') + 1)));
  EXPECT_THAT(exchange(port, "GET /debug/pprof/threads?debug=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
              HasSubstr("thread="));
  bool drained = false;
  pprof->drain(base::Deadline::never(), [&] { drained = true; });
  EXPECT_TRUE(drained);
  EXPECT_EQ(exchange(port, "GET /debug/pprof/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), "");
  host.stop();
}

TEST(Pprof, TheCollectorsKeysAndOurOwn) {
  testing::ConfigText text(
      "endpoint: 0.0.0.0:1777\ntoken: secret\ncontinuous: false\nhz: 50\nblock_profile_fraction: 3");
  const PprofConfig config = read_pprof_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(config.address.port, 1777);
  EXPECT_EQ(config.token, "secret");
  EXPECT_FALSE(config.continuous);
  EXPECT_EQ(config.hz, 50u);
}

TEST(Pprof, Faults) {
  testing::ConfigText text("endpoint: nowhere\nhz: 5000\nwhat: 1");
  read_pprof_config(text.reader);
  EXPECT_THAT(text.errors(), HasSubstr("it.endpoint: \"nowhere\" is not host:port"));
  EXPECT_THAT(text.errors(), HasSubstr("it.hz"));
  EXPECT_THAT(text.errors(), HasSubstr("it.what"));
}

TEST(Pprof, OtherMachinesNeedAToken) {
  testing::ConfigText text("endpoint: 0.0.0.0:0");
  Pprof open(read_pprof_config(text.reader));
  EXPECT_FALSE(open.start().ok());
}

}  // namespace
}  // namespace nanospan::gateway
