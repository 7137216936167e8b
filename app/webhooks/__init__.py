"""Telling tenants what happened: signed messages, sent until they arrive or are given up."""
