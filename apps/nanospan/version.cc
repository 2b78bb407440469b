// nanospan version.
#include <cstdio>

#include "apps/nanospan/command.h"

namespace nanospan::app {
namespace {

int version(const Arguments&) {
  std::puts("nanospan " NANOSPAN_VERSION);
  return kExitOk;
}

}  // namespace

Command version_command() { return {"version", "print the version", "Prints name and version.\n", {}, version}; }

}  // namespace nanospan::app
