# The content codings (codec.h), each with a library that only some want: so each is a library of its own, and is left out
# where its library is not there. Included by module.cmake.
find_package(ZLIB)
if(ZLIB_FOUND)
  nanospan_part(net_gzip SOURCES ${PROJECT_SOURCE_DIR}/src/net/gzip.cc LINK ZLIB::ZLIB MODULES net)
endif()
find_package(PkgConfig)
foreach(codec isal zstd snappy)
  if(NOT PkgConfig_FOUND)
    break()
  endif()
  string(REPLACE isal libisal package ${codec})
  string(REPLACE zstd libzstd package ${package})
  pkg_check_modules(nanospan_${codec} IMPORTED_TARGET ${package})
  if(nanospan_${codec}_FOUND AND (NOT codec STREQUAL isal OR ZLIB_FOUND))
    set(modules net)
    if(codec STREQUAL isal)
      list(APPEND modules net_gzip)  # for the levels that isa-l does not have
    endif()
    nanospan_part(net_${codec} SOURCES ${PROJECT_SOURCE_DIR}/src/net/codec_${codec}.cc
      LINK PkgConfig::nanospan_${codec} MODULES ${modules})
  endif()
endforeach()

# Gives a program all codings that this build has, and tells its sources which those are.
function(nanospan_link_codecs target)
  foreach(codec gzip isal zstd snappy)
    if(TARGET nanospan_net_${codec})
      string(TOUPPER ${codec} name)
      target_link_libraries(${target} PRIVATE nanospan_net_${codec})
      target_compile_definitions(${target} PRIVATE NANOSPAN_HAS_${name})
    endif()
  endforeach()
endfunction()
