"""Many files, one result a document: what is done is kept, and one bad file stops no other."""
