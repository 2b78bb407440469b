// nanospan: finds the command, answers --help, and turns wrong arguments into one line.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "apps/nanospan/command.h"
#include "gateway/config/units.h"

namespace nanospan::app {
namespace {

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 could not be done, 2 wrong arguments, 3 wrong or unreadable configuration, 4 data lost.\n";

void print(std::FILE* to, const std::string& text) { std::fwrite(text.data(), 1, text.size(), to); }

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string overview(const std::vector<Command>& commands) {
  std::string text = "nanospan: OpenTelemetry gateway and tools\n\nUsage: nanospan COMMAND [--option value ...]\n\n";
  for (const Command& command : commands)
    text += "  " + padded(std::string(command.name), 15) + std::string(command.summary) + "\n";
  return text + "\n`nanospan COMMAND --help` says more.\n" + std::string(kExitCodes);
}

constexpr std::size_t kUsageOptionsMax = 14;  // more of them are only listed below

std::string word_of(const Option& option) {
  return std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
}

std::string help_of(const Command& command) {
  std::string text = "Usage: nanospan " + std::string(command.name);
  const bool all = command.options.size() <= kUsageOptionsMax;
  std::size_t width = 20;
  for (const Option& option : command.options) {
    const std::string word = word_of(option);
    width = std::max(width, word.size() + 2);
    if (all || !word.starts_with("-")) text += option.required ? " " + word : " [" + word + "]";
  }
  text += std::string(all ? "" : " [--option value ...]") + "\n\n" + std::string(command.help) + "\n";
  for (const Option& option : command.options) {
    text += "  " + padded(word_of(option), width) + std::string(option.help) + "\n";
  }
  return text + "\n" + std::string(kExitCodes);
}

/// The command that the first words name, the longest name first, and how many words that was; nullptr if there is
/// none.
std::pair<const Command*, std::size_t> find_command(const std::vector<Command>& commands,
                                                    const std::vector<std::string_view>& words) {
  const std::string first(words[0] == "--version" ? "version" : words[0]);
  const std::string two = words.size() > 1 ? first + " " + std::string(words[1]) : first;
  for (const std::string& name : {two, first}) {
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
    if (found != commands.end()) return {&*found, name == first ? 1 : 2};
  }
  return {nullptr, 0};
}

std::string not_found(const std::vector<Command>& commands, const std::string& name) {
  std::vector<std::string_view> names;
  std::string kinds;
  for (const Command& known : commands) {
    names.push_back(known.name);
    if (known.name.starts_with(name + " ")) kinds += (kinds.empty() ? "" : " or ") + std::string(known.name);
  }
  if (!kinds.empty()) return "the kind of " + name + " comes next: " + kinds;
  const std::string_view meant = gateway::nearest(name, names);
  return "there is no command \"" + name + "\"" +
         (meant.empty() ? "; see nanospan --help" : "; did you mean " + std::string(meant) + "?");
}

int run(std::vector<std::string_view> words) {
  std::vector<Command> commands = {serve_command(),      validate_command(),      print_config_command(),
                                   components_command(), load_http_command(),     load_otlp_command(),
                                   tree_command(),       bench_compare_command(), version_command()};
  for (Command& command : commands) command.options.push_back({"--help", "", "show this"});
  if (words.empty()) {
    print(stderr, overview(commands));
    return kExitUsage;
  }
  const bool asks_for_help = words[0] == "--help" || words[0] == "-h" || words[0] == "help";
  if (asks_for_help && words.size() == 1) {
    print(stdout, overview(commands));
    return kExitOk;
  }
  if (asks_for_help) words.erase(words.begin());  // help COMMAND: as COMMAND --help
  const auto [command, used] = find_command(commands, words);
  if (command == nullptr) {
    print(stderr, "nanospan: " + not_found(commands, std::string(words[0])) + "\n");
    return kExitUsage;
  }
  if (asks_for_help) {
    print(stdout, help_of(*command));
    return kExitOk;
  }
  Result<Arguments> arguments =
      Arguments::parse({words.begin() + static_cast<std::ptrdiff_t>(used), words.end()}, command->options);
  if (!arguments) {
    print(stderr, "nanospan " + std::string(command->name) + ": " + arguments.error().message + "\n");
    return kExitUsage;
  }
  if (arguments->has("--help")) {
    print(stdout, help_of(*command));
    return kExitOk;
  }
  return command->run(*arguments);
}

}  // namespace
}  // namespace nanospan::app

int main(int argc, char** argv) { return nanospan::app::run({argv + 1, argv + argc}); }
