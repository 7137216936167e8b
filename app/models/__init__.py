"""Language models by name: which there are, fetched once, converted, and checked by hash."""
