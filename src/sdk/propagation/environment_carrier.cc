// Names, and lists of "NAME=value". No state of the process.
#include <nanospan/environment_carrier.h>

#include <algorithm>

#include "sdk/propagation/global.h"

namespace nanospan {
namespace sdk {
namespace {

bool is_letter_of_name(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_normalised(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) && std::all_of(name.begin(), name.end(), is_letter_of_name);
}

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

void erase(std::vector<std::string>& variables, std::string_view name) {
  std::erase_if(variables, [name](const std::string& variable) { return name_of(variable) == name; });
}

}  // namespace
}  // namespace sdk

inline namespace v0 {

std::string environment_name(std::string_view key) {
  std::string name;
  if (!key.empty() && sdk::is_digit(key.front())) name += '_';
  for (char c : key) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    name += sdk::is_letter_of_name(c) ? c : '_';
  }
  return name;
}

EnvironmentGetter::EnvironmentGetter(const char* const* environment) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view variable(*environment);
    const std::string_view name = sdk::name_of(variable);
    if (name.size() == variable.size() || !sdk::is_normalised(name)) continue;
    variables_.emplace_back(name, variable.substr(name.size() + 1));
  }
}

std::string_view EnvironmentGetter::get(std::string_view key) const {
  const std::string name = environment_name(key);
  const auto found = std::find_if(variables_.begin(), variables_.end(), [&](const auto& v) { return v.first == name; });
  return found != variables_.end() ? std::string_view(found->second) : std::string_view();
}

std::vector<std::string> EnvironmentGetter::keys() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : variables_) names.push_back(name);
  return names;
}

EnvironmentSetter::EnvironmentSetter(const char* const* base) {
  for (; base != nullptr && *base != nullptr; ++base) variables_.emplace_back(*base);
  for (const std::string& field : sdk::propagator().fields()) sdk::erase(variables_, environment_name(field));
}

void EnvironmentSetter::set(std::string_view key, std::string_view value) {
  if (key.empty() || value.find('\0') != std::string_view::npos) return;
  std::string variable = environment_name(key);
  sdk::erase(variables_, variable);
  variables_.push_back(variable.append("=").append(value));
}

char* const* EnvironmentSetter::envp() {
  pointers_.clear();
  for (std::string& variable : variables_) pointers_.push_back(variable.data());
  pointers_.push_back(nullptr);
  return pointers_.data();
}

}  // namespace v0
}  // namespace nanospan
