"""Schema and page to the one grammar that every engine runs, and the JSON text written under it."""
