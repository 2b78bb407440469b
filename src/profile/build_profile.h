// From a Window of numbers to a Profile with names: resolves stacks and labels, symbolises what occurs. One thread.
#pragma once

#include <functional>
#include <vector>

#include "profile/model/profile.h"
#include "profile/model/stack_store.h"
#include "profile/model/window.h"
#include "profile/symbol/symbolizer.h"

namespace nanospan::profile {

/// How a kind of profile shows its values: for each of its types the number of the window's value, and a factor.
struct Column {
  ValueType type;
  std::size_t value = 0;
  std::int64_t factor = 1;
};

/// Adds samples, frames and mappings to `profile`, whose types become those of `columns`; with files and lines if it
/// says that it has them.
void build_samples(const Window& window, const StackStore& store, Symbolizer& symbolizer,
                   const std::vector<Column>& columns, Profile& profile);

}  // namespace nanospan::profile
