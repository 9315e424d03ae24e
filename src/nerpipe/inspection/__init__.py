"""Looks at data before a model is trained (`nerpipe check`), and at what a run gave (`nerpipe summary`)."""
