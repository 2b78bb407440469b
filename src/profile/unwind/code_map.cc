// Ranges sorted by address in one block, so that the signal handler searches plain memory. Threads: see the header.
#include "profile/unwind/code_map.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace nanospan::profile {

namespace {

std::atomic<std::uint64_t> code_maps_made{0};

}  // namespace

CodeMap::CodeMap(std::vector<ModulePtr> modules) : number_(++code_maps_made), modules_(std::move(modules)) {
  std::sort(modules_.begin(), modules_.end(), [](const auto& a, const auto& b) { return a->begin < b->begin; });
  for (const ModulePtr& module : modules_) {
    storage_.push_back(
        {module->begin, module->end, module->base, &module->table, static_cast<std::uint32_t>(storage_.size())});
  }
  ranges_ = storage_.data();
  range_count_ = storage_.size();
}

std::size_t CodeMap::table_bytes() const {
  std::size_t bytes = storage_.size() * sizeof(Range);
  for (const ModulePtr& module : modules_) bytes += module->table.bytes();
  return bytes;
}

}  // namespace nanospan::profile
