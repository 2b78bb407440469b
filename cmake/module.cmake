# nanospan_module(NAME [LINK lib...] [EXCLUDE file...]) defines the static library nanospan_NAME from src/NAME/**/*.cc,
# links the modules that cmake/layers.txt allows it, and, where tests/NAME exists, its test program nanospan_NAME_test,
# which links only that module's closure.
#
# nanospan_part(NAME SOURCES file... [MODULES module...] [LINK lib...]) defines a small library nanospan_NAME for an
# optional dependency.

# nanospan_small(MODULE pattern...) compiles sources of a module (patterns relative to src/MODULE) for size in a release
# build: what runs once a process or once a batch, not once a span or a request.

# What has threads of its own is also run under ThreadSanitizer: label and target "concurrent", so that only that is
# built.
set(NANOSPAN_CONCURRENT_MODULES base net sdk export setup profile gateway)
if(NANOSPAN_TESTS)
  add_custom_target(concurrent)
endif()

function(nanospan_allowed_modules module out)
  file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/layers.txt lines REGEX "^${module}:")
  string(REGEX REPLACE "^${module}: *" "" edges "${lines}")
  separate_arguments(edges)
  set(${out} ${edges} PARENT_SCOPE)
endfunction()

function(nanospan_module module)
  cmake_parse_arguments(ARG "" "" "LINK;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${module}/*.cc)
  foreach(excluded ${ARG_EXCLUDE})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/${module}/${excluded})
  endforeach()
  add_library(nanospan_${module} STATIC ${sources})
  target_include_directories(nanospan_${module} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  nanospan_allowed_modules(${module} edges)
  foreach(edge ${edges})
    target_link_libraries(nanospan_${module} PUBLIC $<BUILD_INTERFACE:nanospan_${edge}>)
  endforeach()
  target_link_libraries(nanospan_${module} PRIVATE nanospan_flags ${ARG_LINK})
  if(NOT module STREQUAL "export") # its optional libraries take single objects of it
    nanospan_group(nanospan_${module})
  endif()
  nanospan_module_test(${module})
endfunction()

function(nanospan_small module)
  if(NANOSPAN_UNITY)
    return() # a source with options of its own is in no group
  endif()
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/src/${module}/ OUTPUT_VARIABLE patterns)
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  set_property(SOURCE ${sources} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-Os>)
endfunction()

function(nanospan_part name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;MODULES" ${ARGN})
  add_library(nanospan_${name} STATIC ${ARG_SOURCES})
  target_include_directories(nanospan_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  foreach(edge ${ARG_MODULES})
    target_link_libraries(nanospan_${name} PUBLIC $<BUILD_INTERFACE:nanospan_${edge}>)
  endforeach()
  target_link_libraries(nanospan_${name} PRIVATE nanospan_flags ${ARG_LINK})
endfunction()

# Reading headers and instantiating templates is most of what compiling a small source takes: eight sources together do
# it once. Names in anonymous namespaces then meet, so those of a module must differ. Release builds compile every
# source by itself: each must include what it uses.
function(nanospan_group target)
  if(NANOSPAN_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# A module that sanitizer builds optimise: its tests calculate for minutes otherwise.
function(nanospan_optimised module)
  if(NANOSPAN_SANITIZE)
    target_compile_options(nanospan_${module} PRIVATE -O1)
  endif()
endfunction()

function(nanospan_module_test module)
  if(NOT NANOSPAN_TESTS)
    return()
  endif()
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${module}/*_test.cc)
  if(NOT tests)
    return()
  endif()
  add_executable(nanospan_${module}_test ${tests})
  target_include_directories(nanospan_${module}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(nanospan_${module}_test PRIVATE
    nanospan_${module} nanospan_flags nanospan_gtest)
  nanospan_group(nanospan_${module}_test)
  add_test(NAME ${module} COMMAND nanospan_${module}_test)
  set(labels gtest)
  if(module IN_LIST NANOSPAN_CONCURRENT_MODULES)
    list(APPEND labels concurrent)
    add_dependencies(concurrent nanospan_${module}_test)
  endif()
  set_tests_properties(${module} PROPERTIES LABELS "${labels}" TIMEOUT 600)
endfunction()
