nanospan_module(setup)
