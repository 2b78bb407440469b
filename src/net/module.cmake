nanospan_module(net)
