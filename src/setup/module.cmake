nanospan_module(setup)
# The state behind a public class is made of its own parts.
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/setup/start.cc PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
if(TARGET nanospan_setup_test)
  target_link_libraries(nanospan_setup_test PRIVATE nanospan_scripted_server)
endif()
nanospan_small(setup *.cc)
