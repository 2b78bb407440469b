nanospan_module(setup)
if(TARGET nanospan_setup_test)
  target_link_libraries(nanospan_setup_test PRIVATE nanospan_scripted_server)
endif()
# Runs once a process, or once a batch: small rather than fast.
target_compile_options(nanospan_setup PRIVATE $<$<CONFIG:Release>:-Os>)
