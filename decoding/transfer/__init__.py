"""What a confirmed page teaches about the next page like it: where each value stands, and where none does."""
