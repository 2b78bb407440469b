# gzip needs zlib, an option of the user's: its side of the exporter's hook is a library of its own (gzip_hook.h).
nanospan_module(export EXCLUDE otlp_http/gzip_encoder.cc)
nanospan_small(export *.cc */*.cc)
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/export/otlp_http/otlp_http_config.cc
  PROPERTIES COMPILE_DEFINITIONS NANOSPAN_VERSION="${PROJECT_VERSION}")
if(TARGET nanospan_net_gzip)
  nanospan_part(export_gzip
    SOURCES ${PROJECT_SOURCE_DIR}/src/export/otlp_http/gzip_encoder.cc MODULES net_gzip export)
  target_link_options(nanospan_export_gzip INTERFACE -Wl,-u,nanospan_gzip_r1)
endif()
if(TARGET nanospan_export_test)
  target_link_libraries(nanospan_export_test PRIVATE nanospan_scripted_server)
  if(TARGET nanospan_export_gzip)
    target_link_libraries(nanospan_export_test PRIVATE nanospan_export_gzip)
    target_compile_definitions(nanospan_export_test PRIVATE NANOSPAN_HAS_GZIP)
  endif()
endif()
