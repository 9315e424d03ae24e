"""Prediction of files of any size: the command `nerpipe predict`."""
