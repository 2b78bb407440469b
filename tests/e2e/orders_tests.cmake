# The example services, the gateway, and the commands that load the ones and show what the other kept.
if(TARGET nanospan)
  e2e_test(load_http load_http_test.py nanospan)
endif()
if(TARGET nanospan AND TARGET orders)
  e2e_test(orders orders_test.py nanospan orders)
endif()
