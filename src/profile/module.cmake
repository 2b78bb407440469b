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

# The torture: short in every test run, a minute of it under the label full. ThreadSanitizer defers signals until it sees
# fit, and allocates when it delivers them.
if(TARGET nanospan_profile_test)
  set(folder ${PROJECT_SOURCE_DIR}/tests/profile)
  add_library(profile_torture_plugin MODULE ${folder}/torture_plugin.cc)
  target_link_libraries(profile_torture_plugin PRIVATE nanospan_flags)
  add_executable(profile_torture ${folder}/torture.cc)
  target_include_directories(profile_torture PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(profile_torture PRIVATE nanospan_profile nanospan_flags nanospan_sanitize ${CMAKE_DL_LIBS})
  if(NOT NANOSPAN_SANITIZE MATCHES thread)
    add_test(NAME profile.torture COMMAND profile_torture $<TARGET_FILE:profile_torture_plugin> 20000)
    set_tests_properties(profile.torture PROPERTIES LABELS lifecycle TIMEOUT 300)
    add_test(NAME profile.torture.full COMMAND profile_torture $<TARGET_FILE:profile_torture_plugin> 3000000)
    set_tests_properties(profile.torture.full PROPERTIES LABELS full TIMEOUT 1200)
  endif()
endif()
