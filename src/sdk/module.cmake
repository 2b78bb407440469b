nanospan_module(sdk)
