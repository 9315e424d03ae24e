"""Lets a model learn from texts without labels, by what a better model, its teacher, says of them."""
