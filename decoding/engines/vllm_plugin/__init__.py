"""A plugin for the vLLM server's environment; nothing here is imported by the service."""
