"""What the stages hand each other: tagging schemes, labels, canonical CoNLL, counts, files."""
