// The page of /debug/pprof/: index, flame graph, hottest functions. One HTML text with everything in it, put together
// from the files beside this one when the build is configured (module.cmake). Constant.
#pragma once

#include <string_view>

namespace nanospan::profile {

std::string_view page_html();

}  // namespace nanospan::profile
