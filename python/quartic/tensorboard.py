"""Numbers of a run for TensorBoard."""

from __future__ import annotations

import math
from types import TracebackType
from typing import Any

from .arguments import PathLike, file_name
from .errors import BadInput


def _writer(folder: str) -> Any:
    """Of whichever package writes event files; none of them is needed otherwise."""
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise BadInput(
                "TensorBoard() writes by the package tensorboardX, or PyTorch's, and neither is there",
                "pip install 'quartic[tensorboard]', or pip install tensorboardX",
            ) from None
    return SummaryWriter(folder)


class TensorBoard:
    """A callback that writes every number of a run, and its error beside it, as events for TensorBoard.

    Give it as `callback` to `quartic.sample`, `learn` or `run`; `tensorboard --logdir FOLDER` shows runs beside each
    other, while they go on. Numbers are scalars by the names that they have in the run's history, with their errors
    as `error/NAME`, over epochs or draws; those of a deep stack's layers are `layer_1/NAME`.

    Parameters
    ----------
    folder : path
        Where the events go; a folder for each run.
    every : int
        Epochs or draws between two that are written; the first always is.

    Raises
    ------
    BadInput
        Where neither tensorboardX nor PyTorch is installed.

    Examples
    --------
    >>> import quartic
    >>> G = quartic.lattice("square", 4)
    >>> board = quartic.TensorBoard("events/a3", every=10)  # doctest: +SKIP
    >>> quartic.learn({"nn": -1, "phi2": 1.5, "phi4": 0.2}, G, callback=board)  # doctest: +SKIP
    """

    def __init__(self, folder: PathLike, every: int = 1):
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise BadInput(f"TensorBoard(): every must be an integer >= 1, not {every!r}", "every=10, say")
        self.folder = str(file_name("TensorBoard()", folder))
        self.every = every
        self._writer = _writer(self.folder)
        self._written: dict[int, int] = {}  # by layer

    def __call__(self, numbers: dict[str, Any]) -> bool:
        """Write a step; never stops the run."""
        step, layer = int(numbers["done"]), int(numbers.get("layer", 0))
        before = self._written.get(layer)
        if before is not None and before <= step < before + self.every:
            return False
        self._written[layer] = step
        prefix = f"layer_{layer}/" if layer else ""
        for name, value in numbers.items():
            if name in ("done", "total", "layer", "epoch", "draw", "round", "point"):
                continue
            of, error = name.removesuffix("_error"), name.endswith("_error")
            tag = f"{prefix}error/{of}" if error and of in numbers else prefix + name
            if math.isfinite(value):  # not known yet
                self._writer.add_scalar(tag, float(value), step)
        self._writer.flush()
        return False

    def close(self) -> None:
        """End the file of events; leaving a `with` block does."""
        self._writer.close()

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
