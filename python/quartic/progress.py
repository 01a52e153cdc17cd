"""How a run tells Python how it goes: a bar of tqdm, a callback."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

from ._quartic import blas_warning, with_error
from .arguments import function
from .ranks import communicator_of, is_root

Callback = Callable[[dict[str, Any]], Any]
SHOWN = ("gradient_norm", "weight_ess", "gain", "acceptance", "m2", "log_likelihood")


class Watch:
    """Hears of a run (python/bindings/watch.hpp). What `step` and `phase` return says whether to stop."""

    def __init__(
        self,
        callback: Callback | None = None,
        progress: bool | None = None,
        interval: float = 0.0,
        comm: Any = None,
    ):
        if callback is not None:
            function("callback", "callback", callback)
        self.comm = comm
        self.communicator = communicator_of(comm, "comm")
        self.interval = interval
        self._callback = callback
        if not is_root(comm):
            progress = False
        shown = progress if progress is not None else sys.stderr.isatty() or "ipykernel" in sys.modules
        self.listens = callback is not None or shown
        self._disable = not shown
        self._bar: Any = None
        self._what = ""
        if slow := blas_warning():
            warnings.warn(slow, stacklevel=3)

    def _bar_of(self, what: str, total: float | None, unit: str = "") -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "IProgress not found")  # a bar of text will do in a notebook
            from tqdm.auto import tqdm  # slow to import

        if self._bar is None or self._what != what:
            self.close()
            self._what = what
            shape = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}" if not unit else None
            self._bar = tqdm(
                total=total, desc=what, unit=unit, leave=False, delay=1, disable=self._disable, bar_format=shape,
                miniters=0,  # else a run that slows down leaves the bar as it was for as long as steps were fast
            )  # fmt: skip
        return self._bar

    def phase(self, name: str, done: float) -> None:
        bar = self._bar_of(name, 1.0)
        bar.n = min(done, 1.0)
        bar.refresh() if not bar.disable and bar.n >= 1 else bar.update(0)

    def step(self, step: dict[str, Any]) -> bool:
        metrics = step["metrics"]
        layer = f"layer {step['layer']} of {step['layers']}" if step["layers"] else f"{step['unit']}s"
        bar = self._bar_of(layer, step["total"] or None, f" {step['unit']}")
        if not bar.disable:
            bar.set_postfix({name: _shown(metrics, name) for name in SHOWN if name in metrics}, refresh=False)
            bar.update(step["done"] - bar.n)
        if self._callback is None:
            return False
        where = {key: step[key] for key in ("done", "total", "layer") if step[key] or key == "done"}
        return bool(self._callback({step["unit"]: step["done"], **where, **metrics}))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None


def _shown(metrics: dict[str, float], name: str) -> str:
    error = metrics.get(f"{name}_error", 0.0)
    return with_error(metrics[name], error) if error > 0 else f"{metrics[name]:.4g}"
