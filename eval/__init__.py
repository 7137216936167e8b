"""Scores prediction files against gold files; never runs a model."""
