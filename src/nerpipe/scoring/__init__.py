"""Reads tags into spans, and computes precision, recall and F1 from spans."""
