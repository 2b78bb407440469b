nanospan_module(export)
