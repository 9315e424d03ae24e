"""Prediction in Python: finds the entities of texts with an exported model."""
