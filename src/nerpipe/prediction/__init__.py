"""Entities of text, in Python."""
