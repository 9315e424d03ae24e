"""Which system is better: `nerpipe score`, `nerpipe compare` and `nerpipe search`."""
