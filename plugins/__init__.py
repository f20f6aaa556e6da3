"""Shipped plugins: adapters and reporters, through the hooks a stranger would use."""
