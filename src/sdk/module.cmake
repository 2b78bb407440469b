nanospan_module(sdk)
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/sdk/resource/resource.cc
  PROPERTIES COMPILE_DEFINITIONS NANOSPAN_VERSION="${PROJECT_VERSION}")
