"""Entry points and wiring: settings, pipeline, CLI, HTTP."""
