"""Tables found from layout alone, before anything is written: their columns, rows and cells."""
