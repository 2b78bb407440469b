// LINK: nanospan_compare
//
// Files of benchmark results from strangers: read in whatever form they claim to have. What is accepted compares with
// itself without a difference, and its report as JSON is JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compare/compare.h"
#include "compare/json_tree.h"
#include "compare/read_results.h"
#include "compare/render.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan::compare;
  Side side;
  side.label = "fuzz";
  const nanospan::Status status = read_results({"fuzz", {reinterpret_cast<const char*>(data), size}}, side.results);
  if (!status.ok()) {
    require(status.error().message.starts_with("fuzz:") && status.error().message.find('\n') == std::string::npos);
    return 0;
  }
  const Report report = compare(side, {side}, nullptr, {});
  require(count(report, Verdict::kRegressed) == 0 && count(report, Verdict::kImproved) == 0);
  require(!render_text(report).empty() && !render_markdown(report).empty());
  JsonNode root;
  JsonFault fault;
  require(parse_json(render_json(report), 1, root, fault));
  return 0;
}
