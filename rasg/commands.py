"""The commands that an install puts on the path; each loads only its own program."""

from __future__ import annotations

import os

# Before any numeric library is loaded. Pages run side by side in processes, and threads that spin meanwhile
# cost more than they give: 140 CPU seconds in the place of 15 for one invoice, on two cores that were busy.
_ONE_THREAD = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT")


def rasg() -> None:
    """Run `rasg`."""
    _keep_to_one_thread()
    from app.cli import main

    main()


def rasg_eval() -> None:
    """Run `rasg-eval`."""
    _keep_to_one_thread()
    from eval.cli import main

    main()


def rasg_train() -> None:
    """Run `rasg-train`; how many threads train is an option of its commands."""
    from training.cli import main

    main()


def _keep_to_one_thread() -> None:
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
