"""The stage evaluate: predictions of the trained model on dev and test, scores, tables and the error page."""
