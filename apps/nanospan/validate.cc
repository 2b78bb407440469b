// nanospan validate: reads a configuration as serve would, says what is wrong, and starts nothing.
#include <cstdio>

#include "apps/nanospan/command.h"
#include "apps/nanospan/config_file.h"

namespace nanospan::app {
namespace {

int validate(const Arguments& arguments) {
  if (!arguments.has("--config")) {
    std::fprintf(stderr, "nanospan validate: give the file to check with --config FILE\n");
    return kExitUsage;
  }
  return read_config(arguments) ? kExitOk : kExitConfig;
}

}  // namespace

Command validate_command() {
  return {"validate", "check a configuration file",
          "Checks a configuration and says in a line each what is wrong, with file, line, key and remedy.\n"
          "Exits with 0 and without a word if `serve` would take it.\n",
          config_options(true), validate};
}

}  // namespace nanospan::app
