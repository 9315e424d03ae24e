"""Runs a model on windows and gives each word one tag."""
