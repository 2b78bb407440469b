# The tools around benchmarks.
if(TARGET nanospan)
  e2e_test(bench_compare bench_compare_test.py nanospan)
  e2e_test(scenario_report scenario_report_test.py nanospan)
endif()
