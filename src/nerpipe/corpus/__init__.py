"""From raw files to an encoded corpus: the stages clean_conll and encode_labels."""
