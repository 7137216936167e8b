"""The store of annotated examples."""
