"""Tests of which pages are one document."""
