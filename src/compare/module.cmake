# What `nanospan bench-compare` knows: readers of benchmark results, the statistics, the verdict. A tool's, so it comes with the
# gateway's program and may use simdjson.
if(NOT NANOSPAN_GATEWAY)
  return()
endif()
find_package(simdjson REQUIRED)
nanospan_module(compare LINK simdjson::simdjson)
nanospan_optimised(compare)
