"""Synthetic business documents with gold values, for training and samples."""
