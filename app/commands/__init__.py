"""The commands of `rasg`, one module each."""
