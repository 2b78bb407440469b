# gzip needs zlib, TLS OpenSSL and gRPC nghttp2, options of the user's: their sides of the exporters' hooks (gzip_hook.h,
# net/linked_tls.h, otlp_grpc_hook.h) are libraries of their own.
set(export_otlp_grpc otlp_grpc/otlp_grpc_answer.cc otlp_grpc/otlp_grpc_transport.cc)
nanospan_module(export EXCLUDE otlp/gzip_encoder.cc otlp/tls_client.cc ${export_otlp_grpc})
nanospan_small(export *.cc */*.cc)
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/export/otlp/otlp_delivery.cc
  PROPERTIES COMPILE_DEFINITIONS NANOSPAN_VERSION="${PROJECT_VERSION}")
if(TARGET nanospan_net_gzip)
  nanospan_part(export_gzip
    SOURCES ${PROJECT_SOURCE_DIR}/src/export/otlp/gzip_encoder.cc MODULES net_gzip export)
  target_link_options(nanospan_export_gzip INTERFACE -Wl,-u,nanospan_gzip_r1)
endif()
if(TARGET nanospan_net_http2)
  list(TRANSFORM export_otlp_grpc PREPEND ${PROJECT_SOURCE_DIR}/src/export/)
  nanospan_part(export_otlp_grpc SOURCES ${export_otlp_grpc} MODULES net_http2 export)
  target_link_options(nanospan_export_otlp_grpc INTERFACE -Wl,-u,nanospan_otlp_grpc_r1)
endif()
if(TARGET nanospan_net_tls)
  nanospan_part(export_tls SOURCES ${PROJECT_SOURCE_DIR}/src/export/otlp/tls_client.cc MODULES net_tls export)
  target_link_options(nanospan_export_tls INTERFACE -Wl,-u,nanospan_tls_r1)
endif()
if(TARGET nanospan_export_test)
  target_link_libraries(nanospan_export_test PRIVATE nanospan_scripted_server nanospan_export_otlp_grpc
    nanospan_export_tls)
  if(TARGET nanospan_export_gzip)
    target_link_libraries(nanospan_export_test PRIVATE nanospan_export_gzip)
    target_compile_definitions(nanospan_export_test PRIVATE NANOSPAN_HAS_GZIP)
  endif()
endif()
