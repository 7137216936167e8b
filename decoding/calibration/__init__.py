"""What a model's probability of a value is worth: signals of each value, weighed to a confidence."""
