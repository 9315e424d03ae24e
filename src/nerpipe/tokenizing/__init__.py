"""From words to windows of sub-words: the stage tokenize_align."""
