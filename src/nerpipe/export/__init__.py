"""The folder that leaves the pipeline: the stage export."""
