# What users link, in the tree and installed:
#   nanospan::sdk   one library, libnanospan.a (or .so with NANOSPAN_SHARED): the objects of all SDK modules; it needs
#                   libstdc++ and libc
#   nanospan::gzip  libnanospan_gzip.a: compression for the exporters; adds zlib
#   nanospan::zstd, nanospan::snappy  the same with libzstd and libsnappy
#   nanospan::tls   libnanospan_tls.a: https for the exporters; adds OpenSSL
#   nanospan::profile  libnanospan_profiler.a: the profiler; adds zlib
#   nanospan::profile_heap  libnanospan_heap.a: operator new and delete that the profiler can sample
#   nanospan::profile_lines  libnanospan_lines.a: files and lines in profiles; adds elfutils' libdw
#   nanospan::profile_locks  libnanospan_locks.a: sees who waits for std::mutex and std::condition_variable
# Installed under component "sdk": headers, libraries, the CMake package `nanospan`, nanospan.pc and one for each
# of the others.
option(NANOSPAN_SHARED "Build libnanospan.so instead of libnanospan.a" OFF)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Makes libNAME of the objects of some modules.
function(nanospan_user_library target type name)
  set(objects "")
  foreach(module ${ARGN})
    list(APPEND objects $<TARGET_OBJECTS:nanospan_${module}>)
  endforeach()
  add_library(${target} ${type} ${objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} LINKER_LANGUAGE CXX)
endfunction()

set(modules base wire net sdk export setup)
if(NANOSPAN_SHARED)
  set(type SHARED)
else()
  set(type STATIC)
endif()
nanospan_user_library(nanospan_library ${type} nanospan ${modules})
if(NANOSPAN_SHARED)
  set_target_properties(nanospan_library PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exported.map)
  target_link_options(nanospan_library PRIVATE -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,defs -Wl,-z,nodelete
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exported.map)
  if(CMAKE_BUILD_TYPE STREQUAL Release AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_link_options(nanospan_library PRIVATE -flto=auto)
  endif()
  # Everything is compiled hidden. What leaves the shared library is what include/nanospan/ declares: each source
  # reads the public headers first, with visibility turned on, so that no declaration has to carry a macro.
  file(GLOB headers RELATIVE ${PROJECT_SOURCE_DIR}/include CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/nanospan/*.h)
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>\n")
  list(JOIN headers "" headers)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/package/exported.h
    CONTENT "#pragma GCC visibility push(default)\n${headers}#pragma GCC visibility pop\n")
  foreach(module ${modules})
    target_compile_options(nanospan_${module} PRIVATE -include ${PROJECT_BINARY_DIR}/package/exported.h)
    target_link_libraries(nanospan_${module} PRIVATE nanospan_api)
    # A fifth smaller: what no public symbol reaches goes, function by function.
    # Fat objects, as libnanospan_gzip.a takes some of them along.
    if(CMAKE_BUILD_TYPE STREQUAL Release AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(nanospan_${module} PRIVATE -flto -ffat-lto-objects)
    endif()
  endforeach()
endif()
add_library(nanospan::sdk ALIAS nanospan_library)
set_target_properties(nanospan_library PROPERTIES EXPORT_NAME sdk)
target_compile_features(nanospan_library INTERFACE cxx_std_20)
target_include_directories(nanospan_library INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(nanospan_library PUBLIC Threads::Threads)
# The symbols by which instrumented libraries find the SDK (docs/decisions): the executable must export them, or a
# plugin that is opened with dlopen has copies of its own and its spans go nowhere.
set(NANOSPAN_LINK_OPTIONS
  -Wl,--export-dynamic-symbol=nanospan_api_r1 -Wl,--export-dynamic-symbol=nanospan_thread_r1
  -Wl,--export-dynamic-symbol=nanospan_layouts -Wl,--export-dynamic-symbol=otel_thread_ctx_v1)
target_link_options(nanospan_library INTERFACE ${NANOSPAN_LINK_OPTIONS})

# Always archives. The SDK refers weakly to their symbols (src/export/otlp/codec_hook.h); -u brings them into the
# program, which exports them if the SDK is a shared library. As shared libraries they would be dropped by --as-needed.
set(NANOSPAN_GZIP_NEEDS ZLIB::ZLIB)
set(NANOSPAN_ZSTD_NEEDS PkgConfig::nanospan_zstd)
set(NANOSPAN_SNAPPY_NEEDS PkgConfig::nanospan_snappy)
foreach(codec gzip zstd snappy)
  if(TARGET nanospan_export_${codec})
    string(TOUPPER ${codec} name)
    set(parts net_${codec} export_${codec})
    if(NANOSPAN_SHARED)
      list(APPEND parts base net)  # what it uses of these is hidden in libnanospan.so
    endif()
    nanospan_user_library(nanospan_${codec}_library STATIC nanospan_${codec} ${parts})
    add_library(nanospan::${codec} ALIAS nanospan_${codec}_library)
    set_target_properties(nanospan_${codec}_library PROPERTIES EXPORT_NAME ${codec})
    target_link_libraries(nanospan_${codec}_library PUBLIC nanospan_library PRIVATE ${NANOSPAN_${name}_NEEDS})
    target_link_options(nanospan_${codec}_library INTERFACE ${NANOSPAN_${name}_LINK_OPTIONS})
  endif()
endforeach()

# The profiler: always an archive, and found by the same kind of weak symbol (src/setup/profile_hook.h). It compresses
# what it serves.
if(TARGET nanospan_profile AND TARGET nanospan_gzip_library)
  set(parts profile)
  if(NANOSPAN_SHARED)
    list(APPEND parts wire)  # base and net come with nanospan::gzip
  endif()
  nanospan_user_library(nanospan_profile_library STATIC nanospan_profiler ${parts})
  add_library(nanospan::profile ALIAS nanospan_profile_library)
  set_target_properties(nanospan_profile_library PROPERTIES EXPORT_NAME profile)
  target_link_libraries(nanospan_profile_library PUBLIC nanospan_gzip_library nanospan_library)
  set(NANOSPAN_PROFILE_LINK_OPTIONS -Wl,-u,nanospan_profile_r4)
  target_link_options(nanospan_profile_library INTERFACE ${NANOSPAN_PROFILE_LINK_OPTIONS})
  nanospan_user_library(nanospan_profile_heap_library STATIC nanospan_heap profile_heap)
  add_library(nanospan::profile_heap ALIAS nanospan_profile_heap_library)
  set_target_properties(nanospan_profile_heap_library PROPERTIES EXPORT_NAME profile_heap)
  target_link_libraries(nanospan_profile_heap_library PUBLIC nanospan_profile_library)
  target_link_options(nanospan_profile_heap_library INTERFACE -Wl,-u,nanospan_heap_operators_r1)
  nanospan_user_library(nanospan_profile_locks_library STATIC nanospan_locks profile_locks)
  add_library(nanospan::profile_locks ALIAS nanospan_profile_locks_library)
  set_target_properties(nanospan_profile_locks_library PROPERTIES EXPORT_NAME profile_locks)
  target_link_libraries(nanospan_profile_locks_library PUBLIC nanospan_profile_library)
  target_link_options(nanospan_profile_locks_library INTERFACE -Wl,-u,nanospan_lock_interposer_r1)
  if(TARGET nanospan_profile_lines)
    nanospan_user_library(nanospan_profile_lines_library STATIC nanospan_lines profile_lines)
    add_library(nanospan::profile_lines ALIAS nanospan_profile_lines_library)
    set_target_properties(nanospan_profile_lines_library PROPERTIES EXPORT_NAME profile_lines)
    target_link_libraries(nanospan_profile_lines_library PUBLIC nanospan_profile_library PRIVATE PkgConfig::LIBDW)
    target_link_options(nanospan_profile_lines_library INTERFACE -Wl,-u,nanospan_profile_lines_r1)
  endif()
endif()

# As nanospan::gzip; its symbol is in src/export/otlp_grpc/otlp_grpc_hook.h.
if(TARGET nanospan_export_otlp_grpc)
  set(parts net_http2 export_otlp_grpc)
  if(NANOSPAN_SHARED)
    list(APPEND parts base wire net export)  # what it uses of these is hidden in libnanospan.so
  endif()
  nanospan_user_library(nanospan_otlp_grpc_library STATIC nanospan_otlp_grpc ${parts})
  add_library(nanospan::otlp_grpc ALIAS nanospan_otlp_grpc_library)
  set_target_properties(nanospan_otlp_grpc_library PROPERTIES EXPORT_NAME otlp_grpc)
  target_link_libraries(nanospan_otlp_grpc_library PUBLIC nanospan_library PRIVATE PkgConfig::NGHTTP2)
  set(NANOSPAN_OTLP_GRPC_LINK_OPTIONS -Wl,-u,nanospan_otlp_grpc_r1)
  target_link_options(nanospan_otlp_grpc_library INTERFACE ${NANOSPAN_OTLP_GRPC_LINK_OPTIONS})
endif()

# As nanospan::gzip; its symbol is in src/net/linked_tls.h.
if(TARGET nanospan_export_tls)
  set(parts net_tls export_tls)
  if(NANOSPAN_SHARED)
    list(APPEND parts base net)  # what it uses of these is hidden in libnanospan.so
  endif()
  nanospan_user_library(nanospan_tls_library STATIC nanospan_tls ${parts})
  add_library(nanospan::tls ALIAS nanospan_tls_library)
  set_target_properties(nanospan_tls_library PROPERTIES EXPORT_NAME tls)
  target_link_libraries(nanospan_tls_library PUBLIC nanospan_library PRIVATE OpenSSL::SSL)
  set(NANOSPAN_TLS_LINK_OPTIONS -Wl,-u,nanospan_tls_r1)
  target_link_options(nanospan_tls_library INTERFACE ${NANOSPAN_TLS_LINK_OPTIONS})
endif()

# As a part of somebody else's project we install nothing on our own account.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nanospan)
install(TARGETS nanospan_library EXPORT nanospan_sdk_targets COMPONENT sdk)
install(EXPORT nanospan_sdk_targets NAMESPACE nanospan:: FILE nanospan-sdk-targets.cmake DESTINATION ${package_dir}
  COMPONENT sdk)
foreach(codec gzip zstd snappy)
  if(TARGET nanospan_${codec}_library)
    install(TARGETS nanospan_${codec}_library EXPORT nanospan_${codec}_targets COMPONENT sdk)
    install(EXPORT nanospan_${codec}_targets NAMESPACE nanospan:: FILE nanospan-${codec}-targets.cmake
      DESTINATION ${package_dir} COMPONENT sdk)
  endif()
endforeach()
if(TARGET nanospan_profile_library)
  install(TARGETS nanospan_profile_library nanospan_profile_heap_library nanospan_profile_locks_library
    EXPORT nanospan_profile_targets COMPONENT sdk)
  install(EXPORT nanospan_profile_targets NAMESPACE nanospan:: FILE nanospan-profile-targets.cmake
    DESTINATION ${package_dir} COMPONENT sdk)
endif()
if(TARGET nanospan_profile_lines_library)
  install(TARGETS nanospan_profile_lines_library EXPORT nanospan_profile_lines_targets COMPONENT sdk)
  install(EXPORT nanospan_profile_lines_targets NAMESPACE nanospan:: FILE nanospan-profile_lines-targets.cmake
    DESTINATION ${package_dir} COMPONENT sdk)
endif()
if(TARGET nanospan_otlp_grpc_library)
  install(TARGETS nanospan_otlp_grpc_library EXPORT nanospan_otlp_grpc_targets COMPONENT sdk)
  install(EXPORT nanospan_otlp_grpc_targets NAMESPACE nanospan:: FILE nanospan-otlp_grpc-targets.cmake
    DESTINATION ${package_dir} COMPONENT sdk)
endif()
if(TARGET nanospan_tls_library)
  install(TARGETS nanospan_tls_library EXPORT nanospan_tls_targets COMPONENT sdk)
  install(EXPORT nanospan_tls_targets NAMESPACE nanospan:: FILE nanospan-tls-targets.cmake
    DESTINATION ${package_dir} COMPONENT sdk)
endif()
install(DIRECTORY include/nanospan DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk FILES_MATCHING PATTERN "*.h")
configure_package_config_file(cmake/nanospan-config.cmake.in ${PROJECT_BINARY_DIR}/package/nanospan-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/nanospan-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/nanospan-config.cmake ${PROJECT_BINARY_DIR}/package/nanospan-config-version.cmake
  DESTINATION ${package_dir} COMPONENT sdk)

# The .pc files find everything from where they lie, so that the installed tree may be moved.
file(RELATIVE_PATH NANOSPAN_PC_PREFIX "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
list(JOIN NANOSPAN_LINK_OPTIONS " " NANOSPAN_LINK_OPTIONS_TEXT)
function(nanospan_pkg_config name)
  configure_file(cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/package/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)
endfunction()
nanospan_pkg_config(nanospan)
foreach(codec gzip zstd snappy)
  if(TARGET nanospan_${codec}_library)
    string(TOUPPER ${codec} name)
    set(NANOSPAN_CODEC_OPTIONS ${NANOSPAN_${name}_LINK_OPTIONS})
    nanospan_pkg_config(nanospan-${codec})
  endif()
endforeach()
if(TARGET nanospan_profile_library)
  nanospan_pkg_config(nanospan-profile)
  nanospan_pkg_config(nanospan-profile-heap)
  nanospan_pkg_config(nanospan-profile-locks)
endif()
if(TARGET nanospan_profile_lines_library)
  nanospan_pkg_config(nanospan-profile-lines)
endif()
if(TARGET nanospan_otlp_grpc_library)
  nanospan_pkg_config(nanospan-otlp-grpc)
endif()
if(TARGET nanospan_tls_library)
  nanospan_pkg_config(nanospan-tls)
endif()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT sdk)
