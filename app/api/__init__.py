"""The HTTP service: routes, uploads, problems and the server."""
