// The table of signals hangs together.
#include "gateway/pipeline/signal.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

TEST(Signal, EveryRowIsThatOfItsSignal) {
  for (const Signal signal : kSignals) {
    const SignalInfo& info = info_of(signal);
    EXPECT_EQ(find_signal(info.name), signal);
    // "/PACKAGE.XService/Export" belongs to the message "PACKAGE.ExportXServiceRequest".
    const std::string_view message = info.request.full_name;
    const std::size_t package = message.rfind('.') + 1;
    const std::string_view service = message.substr(package + 6, message.size() - package - 6 - 7);
    EXPECT_EQ(info.grpc_path, "/" + std::string(message.substr(0, package)) + std::string(service) + "/Export");
    EXPECT_EQ(info.response.full_name, std::string(message.substr(0, message.size() - 7)) + "Response");
  }
  EXPECT_EQ(find_signal("spans"), std::nullopt);
}

}  // namespace
}  // namespace nanospan::gateway
