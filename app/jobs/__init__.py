"""Jobs: accepted before they are answered, run by workers, and never lost."""
