# The gateway as its user runs it.
if(TARGET nanospan)
  foreach(part cli drain backend disk compression tls auth reload limits)
    e2e_test(gateway_${part} gateway_${part}_test.py nanospan)
  endforeach()
  e2e_test(load_otlp load_otlp_test.py nanospan)
  e2e_test(deploy deploy_test.py nanospan)
endif()
