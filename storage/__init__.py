"""What the service remembers: the database, and the records in it."""
