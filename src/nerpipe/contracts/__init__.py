"""Formats that the stages share: tagging schemes, labels, canonical CoNLL, counts and files."""
