// Command: one word after `nanospan`, or two ("load http"). Each is a file of its own; main.cc lists them.
#pragma once

#include <string_view>
#include <vector>

#include "apps/nanospan/arguments.h"

namespace nanospan::app {

/// Exit codes, the same for every command. Documented in --help and docs/gateway.md.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed =
    1;                                ///< It could not do what was asked: a port in use, a file that cannot be written.
inline constexpr int kExitUsage = 2;  ///< Wrong arguments.
inline constexpr int kExitConfig = 3;  ///< The configuration is wrong or cannot be read; standard error says where.
inline constexpr int kExitLost = 4;    ///< serve: acknowledged data could not be sent before the shutdown deadline.

struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view help;        ///< What it does, for `nanospan NAME --help`.
  std::vector<Option> options;  ///< --help is added to them.
  int (*run)(const Arguments& arguments);
};

Command serve_command();
Command validate_command();
Command print_config_command();
Command components_command();
Command load_http_command();
Command load_otlp_command();
Command tree_command();
Command bench_compare_command();
Command version_command();

}  // namespace nanospan::app
