# zlib: profiles are gzip (net_gzip). Without it there is no profiler.
if(NOT TARGET nanospan_net_gzip)
  return()
endif()
set(profile_lines lines/dwarf_file.cc)
nanospan_module(profile EXCLUDE heap/operators.cc locks/interpose.cc ${profile_lines})
nanospan_optimised(profile)
# Reads debug information with elfutils' libdw.
if(PKG_CONFIG_FOUND)
  pkg_check_modules(LIBDW IMPORTED_TARGET libdw)
endif()
if(LIBDW_FOUND)
  list(TRANSFORM profile_lines PREPEND ${PROJECT_SOURCE_DIR}/src/profile/)
  nanospan_part(profile_lines SOURCES ${profile_lines} MODULES profile LINK PkgConfig::LIBDW)
  target_link_options(nanospan_profile_lines INTERFACE -Wl,-u,nanospan_profile_lines_r1)
endif()
# Replaces operator new and delete in the program that links it.
nanospan_part(profile_heap SOURCES ${PROJECT_SOURCE_DIR}/src/profile/heap/operators.cc MODULES profile)
target_link_options(nanospan_profile_heap INTERFACE -Wl,-u,nanospan_heap_operators_r1)
# Goes in front of pthread_mutex_lock and the condition waits.
nanospan_part(profile_locks SOURCES ${PROJECT_SOURCE_DIR}/src/profile/locks/interpose.cc MODULES profile
  LINK ${CMAKE_DL_LIBS})
target_link_options(nanospan_profile_locks INTERFACE -Wl,-u,nanospan_lock_interposer_r1)
target_link_libraries(nanospan_profile PUBLIC $<BUILD_INTERFACE:nanospan_net_gzip>)
if(TARGET nanospan_profile_test)
  target_link_libraries(nanospan_profile_test PRIVATE nanospan_scripted_server)
  if(LIBDW_FOUND)
    target_link_libraries(nanospan_profile_test PRIVATE nanospan_profile_lines)
  endif()
endif()
target_compile_options(nanospan_profile PRIVATE $<$<CONFIG:Release>:-O2>)
# What runs in signal handlers reads other functions' frames, and must not call into a sanitizer: nor into an inline
# function that another source has compiled with one, so it is optimised.
if(NANOSPAN_SANITIZE)
  set_source_files_properties(
    ${PROJECT_SOURCE_DIR}/src/profile/unwind/stack_walk.cc
    ${PROJECT_SOURCE_DIR}/src/profile/sampler/signal.cc
    ${PROJECT_SOURCE_DIR}/src/profile/sampler/span_labels.cc
    PROPERTIES COMPILE_OPTIONS "-fno-sanitize=all;-O2")
endif()

# The page: page.html with the style and the scripts in it, as one constant of the program.
set(page ${PROJECT_SOURCE_DIR}/src/profile/page)
set(page_scripts ${page}/model.js ${page}/flame.js ${page}/app.js)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page}/page.html ${page}/page.css ${page_scripts})
file(READ ${page}/page.html html)
file(READ ${page}/page.css style)
set(script "")
foreach(file ${page_scripts})
  file(READ ${file} text)
  string(APPEND script "${text}")
endforeach()
string(REPLACE "/*STYLE*/" "${style}" html "${html}")
string(REPLACE "/*SCRIPT*/" "\n${script}" html "${html}")
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/profile_page.cc @ONLY CONTENT
"#include \"profile/page/page.h\"

namespace nanospan::profile {

std::string_view page_html() { return R\"page(${html})page\"; }

}  // namespace nanospan::profile
")
# It lies elsewhere in each build, so that g++ would not take what was counted in another (make pgo).
set_source_files_properties(${PROJECT_BINARY_DIR}/generated/profile_page.cc PROPERTIES
  COMPILE_OPTIONS -fno-profile-generate)
target_sources(nanospan_profile PRIVATE ${PROJECT_BINARY_DIR}/generated/profile_page.cc)
