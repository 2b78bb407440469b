# What `nanospan load http` is made of: the plan of a load, the engine, the verdict. A tool's, so it comes with the
# gateway's program.
if(NOT NANOSPAN_GATEWAY)
  return()
endif()
nanospan_module(load)
