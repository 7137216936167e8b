"""Where tests find the real documents that are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def shared_data() -> Path | None:
    """Return the folder of real documents (`RASG_SHARED_DATA`, or ../shared/data), or None."""
    named = os.environ.get("RASG_SHARED_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None
