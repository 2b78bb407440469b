# The gateway as its user runs it.
if(TARGET nanospan)
  foreach(part cli drain backend disk compression tls auth reload limits)
    e2e_test(gateway_${part} gateway_${part}_test.py nanospan)
  endforeach()
  e2e_test(gateway_backend_100_kills gateway_backend_test.py nanospan)
  set_tests_properties(e2e.gateway_backend_100_kills PROPERTIES LABELS "e2e;full"
    ENVIRONMENT NANOSPAN_BACKEND_KILLS=100)
  if(TARGET nanospan_profile_library)
    e2e_test(profiles profiles_test.py nanospan profile_quickstart)
    set_tests_properties(e2e.profiles PROPERTIES ENVIRONMENT "NANOSPAN_SANITIZE=${NANOSPAN_SANITIZE}")
    e2e_test(profiles.full profiles_test.py nanospan profile_quickstart)
    set_tests_properties(e2e.profiles.full PROPERTIES LABELS full
      ENVIRONMENT "NANOSPAN_SANITIZE=${NANOSPAN_SANITIZE};NANOSPAN_FULL=1")
  endif()
  e2e_test(load_otlp load_otlp_test.py nanospan)
  e2e_test(deploy deploy_test.py nanospan)
endif()
