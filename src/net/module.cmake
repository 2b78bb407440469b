# zlib, nghttp2 and OpenSSL are options of the user's: gzip is a library of its own, and so are HTTP/2 with gRPC, and TLS.
file(GLOB net_http2 RELATIVE ${PROJECT_SOURCE_DIR}/src/net CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/src/net/http2_*.cc ${PROJECT_SOURCE_DIR}/src/net/grpc_*.cc)
file(GLOB net_tls RELATIVE ${PROJECT_SOURCE_DIR}/src/net CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/net/tls_*.cc)
nanospan_module(net EXCLUDE gzip.cc codec_isal.cc codec_snappy.cc codec_zstd.cc ${net_http2} ${net_tls})
nanospan_small(net http1_client.cc http1_client_connection.cc http1_client_pool.cc base64.cc event_loop.cc
  proxy.cc proxy_tunnel.cc reserved_headers.cc resolver.cc retry_after.cc socket.cc url.cc)
include(${PROJECT_SOURCE_DIR}/src/net/codecs.cmake)
find_package(PkgConfig)
if(PkgConfig_FOUND)
  pkg_check_modules(NGHTTP2 IMPORTED_TARGET libnghttp2)
endif()
if(NGHTTP2_FOUND)
  list(TRANSFORM net_http2 PREPEND ${PROJECT_SOURCE_DIR}/src/net/)
  nanospan_part(net_http2 SOURCES ${net_http2} LINK PkgConfig::NGHTTP2 MODULES net)
endif()
find_package(OpenSSL 3)
if(OPENSSL_FOUND)
  list(TRANSFORM net_tls PREPEND ${PROJECT_SOURCE_DIR}/src/net/)
  nanospan_part(net_tls SOURCES ${net_tls} LINK OpenSSL::SSL MODULES net)
endif()

# The peer that misbehaves on request and the network that does, for the tests of this and of later modules.
if(TARGET nanospan_net_test)
  add_library(nanospan_scripted_server STATIC EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/support/scripted_server.cc
    ${PROJECT_SOURCE_DIR}/tests/support/test_certificates.cc ${PROJECT_SOURCE_DIR}/tests/support/simulated_network.cc
    ${PROJECT_SOURCE_DIR}/tests/support/simulated_poller.cc)
  target_include_directories(nanospan_scripted_server PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(nanospan_scripted_server PUBLIC nanospan_net GTest::gtest PRIVATE nanospan_flags)
  target_link_libraries(nanospan_net_test PRIVATE nanospan_scripted_server nanospan_net_gzip ZLIB::ZLIB nanospan_net_http2
    nanospan_net_tls OpenSSL::SSL)
  nanospan_link_codecs(nanospan_net_test)
  target_sources(nanospan_net_test PRIVATE ${PROJECT_SOURCE_DIR}/tests/net/simulation.cc)
endif()
