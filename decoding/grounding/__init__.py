"""Values back to their words and boxes on the page."""
