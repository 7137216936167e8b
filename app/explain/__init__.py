"""One page that shows where each value stands."""
