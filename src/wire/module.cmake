nanospan_module(wire)
