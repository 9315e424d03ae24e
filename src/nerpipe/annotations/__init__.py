"""Import of what annotation tools export: the command `nerpipe import`."""
