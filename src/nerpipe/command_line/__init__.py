"""The command line itself: the parser, its help and its messages, and completion in shells."""
