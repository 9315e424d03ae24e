"""Fine-tuning a model: the stage train."""
