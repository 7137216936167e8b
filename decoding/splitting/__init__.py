"""Which pages of a file are one document: from layout alone, before anything is asked."""
