"""The stages clean_conll and encode_labels, which turn raw files into an encoded corpus."""
