"""What an operator sees of a running process: metrics and spans, never a word of a document."""
