"""One document through the pipeline: read, asked about with examples, answered, checked."""
