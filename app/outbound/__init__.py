"""What the service opens on the network because a caller says so: checked, pinned, bounded."""
