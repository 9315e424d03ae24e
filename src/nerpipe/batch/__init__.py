"""Entities of files of any size: `nerpipe predict`."""
