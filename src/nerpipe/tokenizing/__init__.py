"""The stage tokenize_align. It splits words into sub-words, and sentences into windows of sub-words."""
