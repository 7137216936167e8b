"""Measurements that print tables; nothing here is imported by the service."""
