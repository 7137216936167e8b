"""Bytes to Document: open, repair, render, OCR, reading order; parsing in a killable child."""
