# zlib is an option of the user's: gzip is a library of its own.
nanospan_module(net EXCLUDE gzip.cc)
find_package(ZLIB)
if(ZLIB_FOUND)
  nanospan_part(net_gzip SOURCES ${PROJECT_SOURCE_DIR}/src/net/gzip.cc LINK ZLIB::ZLIB MODULES net)
endif()
if(TARGET nanospan_net_test)
  target_link_libraries(nanospan_net_test PRIVATE nanospan_net_gzip)
endif()
