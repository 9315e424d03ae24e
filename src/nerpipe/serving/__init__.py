"""Entities over HTTP: `nerpipe serve`."""
