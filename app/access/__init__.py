"""Who may ask: keys, what each opens, and how much of it."""
