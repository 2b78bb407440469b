# zlib is an option of the user's: gzip is a library of its own.
nanospan_module(net EXCLUDE gzip.cc)
find_package(ZLIB)
if(ZLIB_FOUND)
  nanospan_part(net_gzip SOURCES ${PROJECT_SOURCE_DIR}/src/net/gzip.cc LINK ZLIB::ZLIB MODULES net)
endif()

# The peer that misbehaves on request, for the tests of this and of later modules.
if(TARGET nanospan_net_test)
  add_library(nanospan_scripted_server STATIC EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/support/scripted_server.cc)
  target_include_directories(nanospan_scripted_server PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(nanospan_scripted_server PUBLIC nanospan_net GTest::gtest PRIVATE nanospan_flags)
  target_link_libraries(nanospan_net_test PRIVATE nanospan_scripted_server nanospan_net_gzip ZLIB::ZLIB)
endif()
