nanospan_module(sdk)
if(NANOSPAN_TESTS)
  target_sources(nanospan_sdk_test PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/allocations.cc)
endif()
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/sdk/resource/resource.cc
  PROPERTIES COMPILE_DEFINITIONS NANOSPAN_VERSION="${PROJECT_VERSION}")
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/sdk/runtime/thread_record.cc
  PROPERTIES COMPILE_DEFINITIONS NANOSPAN_THREAD_LINKAGE=)
nanospan_small(sdk diagnostics.cc provider/*.cc resource/*.cc sampling/*.cc view/*.cc
  pipeline/batch_options.cc pipeline/batch_pipeline.cc pipeline/losses.cc pipeline/sdk_thread.cc pipeline/worker_exporter.cc
  propagation/b3_propagator.cc propagation/baggage_propagator.cc propagation/composite_propagator.cc
  propagation/global.cc runtime/entropy.cc runtime/memory.cc runtime/notifier.cc trace/record.cc)
