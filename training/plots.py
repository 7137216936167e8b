"""Pictures of training runs."""

# torch, transformers and matplotlib are typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

# Steps averaged into one point of the loss curve.
_SMOOTHING = 25


def loss_curve(records: Sequence[Mapping[str, float]], picture: Path) -> None:
    """Draw the run's loss and watched accuracies against tokens seen, as a PNG.

    Parameters
    ----------
    records
        The lines of a house run's log, one or more.
    picture
        The file to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    tokens = np.array([r["n_tokens"] for r in records]) / 1e6
    losses = np.array([r["loss"] for r in records])
    kernel = np.ones(min(_SMOOTHING, len(losses))) / min(_SMOOTHING, len(losses))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    left.plot(tokens, losses, color="0.85", linewidth=0.5)
    left.plot(tokens[len(kernel) - 1 :], np.convolve(losses, kernel, "valid"), color="C0")
    left.set(xlabel="tokens seen (M)", ylabel="loss on the answer (nats a token)", ylim=(0, None))
    watched = sorted({key for r in records for key in r if key.startswith(("synthetic_", "transcript_"))})
    for key in watched:
        points = [(r["n_tokens"] / 1e6, r[key]) for r in records if key in r]
        right.plot(*zip(*points, strict=True), marker=".", label=key.replace("_", ": ", 1))
    right.set(xlabel="tokens seen (M)", ylabel="values whose every token is the arg-max", ylim=(0, 1))
    if watched:
        right.legend(fontsize=8)
    figure.savefig(picture, dpi=90)
    plt.close(figure)
