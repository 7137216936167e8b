"""The commands that an install puts on the path; each loads only its own program."""

from __future__ import annotations

import os


def rasg() -> None:
    """Run `rasg`; its engine computes with as many threads as cores are free."""
    from app.cli import main

    main()


def rasg_eval() -> None:
    """Run `rasg-eval`."""
    # Before any numeric library is loaded: its arrays are small.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from eval.cli import main

    main()


def rasg_train() -> None:
    """Run `rasg-train`; how many threads train is an option of its commands."""
    from training.cli import main

    main()
