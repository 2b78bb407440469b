nanospan_module(base)
