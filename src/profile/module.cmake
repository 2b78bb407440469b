# zlib: profiles are gzip (net_gzip). Without it there is no profiler.
if(NOT TARGET nanospan_net_gzip)
  return()
endif()
nanospan_module(profile)
target_link_libraries(nanospan_profile PUBLIC $<BUILD_INTERFACE:nanospan_net_gzip>)
target_compile_options(nanospan_profile PRIVATE $<$<CONFIG:Release>:-O2>)
# What runs in signal handlers reads other functions' frames, and must not call into a sanitizer.
set_source_files_properties(
  ${PROJECT_SOURCE_DIR}/src/profile/unwind/stack_walk.cc
  ${PROJECT_SOURCE_DIR}/src/profile/sampler/signal.cc
  ${PROJECT_SOURCE_DIR}/src/profile/sampler/span_labels.cc
  PROPERTIES COMPILE_OPTIONS "-fno-sanitize=all")
