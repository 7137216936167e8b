"""Annotated examples: made of corrected answers, shown with pages like them."""
