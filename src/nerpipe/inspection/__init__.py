"""Looks at data before a model is trained: the command `nerpipe check`."""
