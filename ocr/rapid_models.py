"""PP-OCR's networks from the rapidocr wheel, loaded for one thread and narrowed to an alphabet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import OcrUnavailableError

logger = logging.getLogger(__name__)

_LATIN_END = 0x250  # Basic Latin to Latin Extended-B
_LATIN_EXTRAS = frozenset("€£¥₹–—‘’‚“”„•…™†‰−№Ωµ√≤≥≠×÷■□☐☑✓")  # noqa: RUF001
# As the wheel's own configuration has them for this detector.
_BOX_OPTIONS: dict[str, Any] = {
    "thresh": 0.3,
    "box_thresh": 0.5,
    "unclip_ratio": 1.6,
    "use_dilation": True,
}

Boxes = Callable[[NDArray[np.float32], tuple[int, int]], tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The detector, the recogniser and its alphabet (index 0 is CTC's blank, the last one a space)."""

    detector: Any
    recogniser: Any
    boxes: Boxes
    alphabet: tuple[str, ...]
    allowed: NDArray[np.bool_] | None
    """Columns of the recogniser's scores that may win; None if all may."""


@lru_cache(maxsize=2)
def load_models(*, latin_only: bool) -> Models:
    """Return the networks; 0.2 s of CPU the first time.

    With `latin_only` the recogniser's last layer keeps only the characters that Latin scripts print,
    about 450 of 18,710: a third less work a line, and no full-width look-alikes of commas and colons.

    Raises
    ------
    OcrUnavailableError
        If the wheel, onnxruntime or the models are missing.
    """
    try:
        import onnxruntime
        import rapidocr
        from rapidocr.ch_ppocr_det.utils import DBPostProcess
    except ImportError as error:
        raise OcrUnavailableError(
            "rapidocr or onnxruntime is not installed", hint="pip install rapidocr onnxruntime"
        ) from error
    folder = Path(str(rapidocr.__file__)).parent / "models"
    recogniser = _session(onnxruntime, _model_file(folder, "rec"))
    alphabet = _alphabet(recogniser)
    allowed = np.array([_is_latin(char) for char in alphabet]) if latin_only else None
    if allowed is not None and (narrowed := _narrowed(_model_file(folder, "rec"), allowed)):
        recogniser = _session(onnxruntime, narrowed)
        alphabet = tuple(char for char, keep in zip(alphabet, allowed, strict=True) if keep)
        allowed = None
    return Models(
        detector=_session(onnxruntime, _model_file(folder, "det")),
        recogniser=recogniser,
        boxes=DBPostProcess(**_BOX_OPTIONS),
        alphabet=alphabet,
        allowed=allowed,
    )


def run(session: Any, pixels: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ANN401
    """Return the first output of a network with one input."""
    return session.run(None, {session.get_inputs()[0].name: pixels})[0]


def _model_file(folder: Path, kind: str) -> Path:
    for path in sorted(folder.glob(f"*_{kind}_*.onnx")):
        return path
    raise OcrUnavailableError(
        f"the rapidocr wheel holds no {kind} model", hint="pip install 'rapidocr>=3.10'"
    )


def _session(onnxruntime: Any, model: Path | bytes) -> Any:  # noqa: ANN401
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _alphabet(recogniser: Any) -> tuple[str, ...]:  # noqa: ANN401
    listed: str = recogniser.get_modelmeta().custom_metadata_map["character"]
    return ("", *listed.splitlines(), " ")


def _is_latin(char: str) -> bool:
    return char == "" or (len(char) == 1 and (ord(char) < _LATIN_END or char in _LATIN_EXTRAS))


def _narrowed(model_file: Path, allowed: NDArray[np.bool_]) -> bytes | None:
    """Return the model with only the `allowed` columns in its last layer, or None without onnx."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        logger.info("onnx is not installed: the recogniser keeps its whole alphabet and is slower")
        return None
    model: Any = onnx.load(str(model_file))  # pyright: ignore[reportUnknownMemberType]
    n_narrowed = 0
    for tensor in model.graph.initializer:
        if tensor.dims and tensor.dims[-1] == len(allowed):
            columns = numpy_helper.to_array(tensor)[..., allowed]
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(columns), tensor.name))
            n_narrowed += 1
    return model.SerializeToString() if n_narrowed == 2 else None  # its weight and its bias
