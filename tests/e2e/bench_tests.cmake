# The tools around benchmarks.
if(TARGET nanospan)
  e2e_test(bench_compare bench_compare_test.py nanospan)
endif()
