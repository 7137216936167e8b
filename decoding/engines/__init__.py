"""What runs a model under a grammar: in this process, or on a vLLM server."""
