"""From tags to spans, and from spans to precision, recall and F1."""
