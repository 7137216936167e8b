"""What holds for every test: property tests without deadlines, and the same examples on every CI run."""

from __future__ import annotations

import os

from hypothesis import settings

# A deadline measures the machine's other work, not the code.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
