"""Prediction over HTTP: the command `nerpipe serve`."""
