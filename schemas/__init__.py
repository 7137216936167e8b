"""Values that flow through the service, and their errors: pydantic and stdlib only."""
