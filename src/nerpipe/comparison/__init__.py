"""Comparison of systems and settings: `nerpipe score`, `nerpipe compare` and `nerpipe search`."""
