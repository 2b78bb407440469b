// Closes a plugin that has the SDK inside (the argument), whose export thread goes on: its code must stay.
#include <dlfcn.h>

#include "tests/lifecycle/program.h"

int main(int count, char** arguments) {
  using nanospan::lifecycle::require;
  require(count == 2, "the plugin is the argument");
  void* const plugin = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  require(plugin != nullptr, "it opens");
  const auto start = reinterpret_cast<void (*)()>(dlsym(plugin, "plugin_start"));
  require(start != nullptr, "plugin_start");
  start();
  require(dlclose(plugin) == 0, "it can be closed");
  require(dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) != nullptr, "and stays loaded");
  return 0;
}
