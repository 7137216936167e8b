"""`python -m rasg` is `rasg`."""

from __future__ import annotations

from rasg.commands import rasg

if __name__ == "__main__":
    rasg()
