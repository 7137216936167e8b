"""What kind of document pages are: invoice, receipt, order, statement or another, from layout alone."""
