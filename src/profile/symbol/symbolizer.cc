// A file's symbols are read once, from its separate debug file where there is one. Threads: see the header.
#include "profile/symbol/symbolizer.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "wire/utf8.h"

namespace nanospan::profile {
namespace {

constexpr std::size_t kNamesMax = 100'000;        // some ten MiB; then all over again
constexpr std::size_t kNameCharactersMax = 1024;  // templates have longer ones than anybody reads

std::string hex(std::uint64_t value) {
  std::array<char, 16> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, 16).ptr};
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<ElfSymbols> read_symbols(const ModuleIdentity& module) {
  if (!module.build_id.empty()) {  // has more than the stripped file itself
    Result<ElfSymbols> symbols = ElfSymbols::read_file(debug_file_of(module.build_id), module.build_id);
    if (symbols && symbols->size() > 0) return symbols;
  }
  return ElfSymbols::read_file(module.path, module.build_id);
}

}  // namespace

std::string debug_file_of(const std::string& build_id) {
  return "/usr/lib/debug/.build-id/" + build_id.substr(0, 2) + "/" +
         build_id.substr(std::min<std::size_t>(2, build_id.size())) + ".debug";
}

std::string demangled(std::string_view name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(std::string(name).c_str(), nullptr, nullptr, &status), std::free);
  std::string readable = wire::repair_utf8(status == 0 && text != nullptr ? std::string_view(text.get()) : name);
  if (readable.size() > kNameCharactersMax) {
    readable = std::string(wire::truncate_code_points(readable, kNameCharactersMax)) + "...";
  }
  return readable;
}

const ElfSymbols* Symbolizer::symbols_of(const ModuleIdentity& module) {
  const auto [entry, is_new] = files_.try_emplace(module.path + '\0' + module.build_id);
  if (is_new && module.path.find('/') != std::string::npos) {
    if (Result<ElfSymbols> symbols = read_symbols(module)) entry->second = std::move(symbols).value();
  } else if (is_new && module.path.starts_with("linux-vdso")) {
    // An image in memory, of whole pages, with its section headers; `base` is its first byte.
    constexpr std::uint64_t kPageBytes = 4096;
    const std::uint64_t size = (module.end - module.base + kPageBytes - 1) & ~(kPageBytes - 1);
    const auto* const bytes = reinterpret_cast<const char*>(module.base);
    if (Result<ElfSymbols> symbols = ElfSymbols::read({bytes, static_cast<std::size_t>(size)})) {
      entry->second = std::move(symbols).value();
    }
  }
  return entry->second ? &*entry->second : nullptr;
}

const std::string& Symbolizer::function_at(const ModuleIdentity& module, std::uint64_t address) {
  std::string key = module.path + '\0' + module.build_id + '\0' + hex(address);
  if (const auto known = names_.find(key); known != names_.end()) return known->second;
  if (names_.size() >= kNamesMax) names_.clear();
  std::string name;
  if (const ElfSymbols* symbols = symbols_of(module)) name = demangled(symbols->name_of(address));
  if (name.empty()) name = (module.path.empty() ? "?" : file_name(module.path)) + "+0x" + hex(address);
  return names_.emplace(std::move(key), std::move(name)).first->second;
}

}  // namespace nanospan::profile
