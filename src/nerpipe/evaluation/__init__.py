"""What a trained model gets right and wrong: the stage evaluate."""
