"""E-invoices out: an extraction written as UBL 2.1 or CII of EN 16931, or what it lacks for that."""
