nanospan_module(setup)
if(TARGET nanospan_setup_test)
  target_link_libraries(nanospan_setup_test PRIVATE nanospan_scripted_server)
endif()
