"""Adapters: how one is measured, goes live and is served."""
