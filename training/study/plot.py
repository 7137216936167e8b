"""The study's picture: loss against learning rate, one line a configuration."""

# matplotlib is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from training.study.curves import DENSE, PROXY, Curve
from training.study.trial import Trial

# Losses above are of no use to anybody; a character drawn evenly costs log 65 = 4.17.
_TOP_LOSS = 3.0


def draw(found: Mapping[Trial, Curve], picture: Path) -> None:
    """Draw ranks, widths and depths, and rescalings in three panels, as a PNG.

    Lines are means over the seeds that a rate has, bands reach from the lowest to the highest seed.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.6), sharey=True, constrained_layout=True)
    for axis, (title, lines) in zip(axes, _panels(found).items(), strict=True):
        colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, max(1, len(lines))))
        for colour, (label, key) in zip(colours, lines.items(), strict=True):
            dashed = key == DENSE or key.method == "spectron"
            style = {"color": "black" if key == DENSE else colour, "linestyle": "--" if dashed else "-"}
            _line(axis, found[key], label, style)
        axis.set(title=title, xlabel="learning rate", xscale="log")
        axis.legend(fontsize=7)
    axes[0].set(ylabel="validation loss (nats a character)", ylim=(None, _TOP_LOSS))
    figure.savefig(picture, dpi=90)
    plt.close(figure)


def _line(axis: Any, curve: Curve, label: str, style: Mapping[str, Any]) -> None:  # noqa: ANN401
    rates = list(curve)
    losses = [np.minimum(list(curve[lr].values()), 2 * _TOP_LOSS) for lr in rates]
    axis.plot(rates, [loss.mean() for loss in losses], marker=".", label=label, **style)
    axis.fill_between(
        rates,
        [loss.min() for loss in losses],
        [loss.max() for loss in losses],
        color=style["color"],
        alpha=0.15,
        linewidth=0,
    )


def _panels(found: Mapping[Trial, Curve]) -> dict[str, dict[str, Trial]]:
    plain = [key for key in found if (key.width, key.depth, key.rescaling) == (128, 2, 1.0)]
    by_rank = sorted((key for key in plain if key.method == "lora_muon"), key=lambda key: key.rank or 0)
    sizes = [
        key for key in found if key.method == "lora_muon" and key.rank == PROXY.rank and key.rescaling == 1
    ]
    scaled = [key for key in found if key.method in ("lora_muon", "spectron") and key.rank == PROXY.rank]
    scaled = [key for key in scaled if (key.width, key.depth) == (128, 2)]
    return {
        "LoRA-Muon by rank": {
            "dense Muon": DENSE,
            **{f"rank {key.rank}": key for key in by_rank},
        },
        f"LoRA-Muon of rank {PROXY.rank} by size": {
            f"width {key.width}, depth {key.depth}": key
            for key in sorted(sizes, key=lambda key: (key.width, key.depth))
        },
        f"rescaled factors, rank {PROXY.rank}": {
            f"{key.method.replace('_', '-')}, × {key.rescaling:g}": key
            for key in sorted(scaled, key=lambda key: (key.method, key.rescaling))
        },
    }
