// A comparison as text for a terminal, Markdown for a pull request, or JSON for programs. Pure functions, thread-safe.
#pragma once

#include <string>

#include "compare/compare.h"

namespace nanospan::compare {

std::string render_text(const Report& report);
std::string render_markdown(const Report& report);
std::string render_json(const Report& report);

}  // namespace nanospan::compare
