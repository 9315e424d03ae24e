"""Fine-tunes a model. This is the stage train."""
