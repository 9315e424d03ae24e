"""A reproducible NER pipeline: raw CoNLL files in, an evaluated and deployable model out."""
