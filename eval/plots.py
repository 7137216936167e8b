"""Pictures of a run's scores, as PNG files."""

# matplotlib is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eval.calibration import Calibration
from eval.run_scores import GroupScores
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW_HEIGHT = 0.32  # inches of one bar
_MAX_BARS = 60  # the lowest are shown where there are more


def field_bars(group: GroupScores, path: Path, *, title: str) -> None:
    """Draw the F1 of each field and of each column, lowest at the bottom.

    Raises
    ------
    ConfigurationError
        If matplotlib is not installed.
    """
    scores = {name: figures.f1 for name, figures in group.kie["normalised"].fields.items()}
    if group.lir is not None:
        scores |= {f"rows: {name}": f.f1 for name, f in group.lir["normalised"].columns.items()}
    lowest = sorted(scores.items(), key=lambda item: item[1])[:_MAX_BARS]
    figure = _figure(7, 1.2 + _ROW_HEIGHT * len(lowest))
    axes = figure.subplots()
    # A dollar would begin a formula.
    axes.barh([name.replace("$", r"\$") for name, _ in lowest], [score for _, score in lowest], color="C0")
    axes.set(xlim=(0, 1), xlabel="F1, normalised values", title=title)
    figure.savefig(path, dpi=100)


def reliability(found: Calibration, path: Path, *, title: str) -> None:
    """Draw the reliability curve, with the number of values, and the risk-coverage curve.

    Raises
    ------
    ConfigurationError
        If matplotlib is not installed.
    """
    figure = _figure(10, 4)
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="0.8", linestyle="--")
    left.plot([b.confidence for b in found.bins], [b.accuracy for b in found.bins], marker="o", color="C0")
    for one in found.bins:
        left.annotate(str(one.n), (one.confidence, one.accuracy), textcoords="offset points", xytext=(4, -10))
    left.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share right")
    left.set_title(f"{title}: expected calibration error {found.expected_error:.3f}")
    right.step(found.coverage, found.risk, where="post", color="C1")
    right.set(xlim=(0, 1), ylim=(0, 1), xlabel="share of values, surest first", ylabel="share of them wrong")
    right.set_title(f"area under the curve {found.aurc:.3f}")
    figure.savefig(path, dpi=100)


def reliability_pair(before: Calibration, after: Calibration, path: Path) -> None:
    """Draw risk-coverage first, then reliability, of the same values with two kinds of confidences.

    Raises
    ------
    ConfigurationError
        If matplotlib is not installed.
    """
    figure = _figure(10, 4)
    left, right = figure.subplots(1, 2)
    right.plot([0, 1], [0, 1], color="0.8", linestyle="--")
    for found, name, colour in ((before, "the model's own", "C1"), (after, "calibrated", "C0")):
        left.step(found.coverage, found.risk, where="post", color=colour, label=f"{name}: {found.aurc:.3f}")
        label = f"{name}: {found.expected_error:.3f}"
        curve = [(one.confidence, one.accuracy) for one in found.bins]
        right.plot([x for x, _ in curve], [y for _, y in curve], marker="o", color=colour, label=label)
    highest = max((*before.risk, *after.risk, 0.01))
    left.set(xlim=(0, 1), ylim=(0, highest), xlabel="share of values, surest first")
    left.set(ylabel="share of them wrong", title="Risk and coverage: area under the curve")
    right.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share right")
    right.set_title("Reliability: expected calibration error")
    left.legend(loc="upper left")
    right.legend(loc="upper left")
    figure.savefig(path, dpi=100)


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigurationError(
            "plots need matplotlib", hint="install the extra: pip install 'rasg[bench]'"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")
