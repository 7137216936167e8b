"""What is checked of an answer: sums, rows, repetitions, the schema."""
