# The example service, the gateway, and the commands that load the one and show what the other kept.
if(TARGET nanospan AND TARGET orders)
  e2e_test(orders orders_test.py nanospan orders)
endif()
