"""From a model and windows to one tag for each word."""
