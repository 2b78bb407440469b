// LINK: nanospan_sdk
// tracestate headers: what is accepted is canonical, within the limits, and survives every mutation that the API
// offers. The first line is the header, the second a key, the third a value.
#include <nanospan/trace_state.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/carrier.h"
#include "sdk/context/trace_state.h"

namespace {

void check_canonical(const nanospan::TraceState& state) {
  using nanospan::fuzz::check;
  const auto members = std::count(state.header().begin(), state.header().end(), ',') + (state.empty() ? 0 : 1);
  check(members <= static_cast<std::ptrdiff_t>(nanospan::TraceState::kMembersMax));
  check(nanospan::TraceState::parse(state.header()) == state);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nanospan;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 3> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  const auto [header, key, value] = lines;
  const TraceState state = TraceState::parse(header);
  check_canonical(state);

  const TraceState more = state.set(key, value);
  check_canonical(more);
  const bool legal = sdk::is_trace_state_key(key) && sdk::is_trace_state_value(value);
  fuzz::check(legal ? more.get(key) == value && more.header().starts_with(key) : more == state);
  const TraceState fewer = more.remove(key);
  check_canonical(fewer);
  fuzz::check(!legal || fewer.get(key).empty());

  for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, std::size_t{130}, std::size_t{512}}) {
    const std::string cut = sdk::truncated_trace_state(more.header(), limit);
    fuzz::check(cut.size() <= limit);
    fuzz::check(TraceState::parse(cut).header() == cut);
  }
  return 0;
}
