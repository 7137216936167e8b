"""The commands that an install puts on the path; each loads only its own program."""

from __future__ import annotations


def rasg() -> None:
    """Run `rasg`."""
    from app.cli import main

    main()


def rasg_eval() -> None:
    """Run `rasg-eval`."""
    from eval.cli import main

    main()


def rasg_train() -> None:
    """Run `rasg-train`."""
    from training.cli import main

    main()
