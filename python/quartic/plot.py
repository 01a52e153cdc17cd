"""Figures of a run: `python -m quartic.plot RUN [-o DIR] [--format png|pdf|svg]`, the same as `quartic plot`."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from . import plot_fit, plot_learn, plot_network, plot_reweight, plot_sample, plot_stack
from .arguments import path_text
from .errors import Error
from .plot_style import STYLE, file_name, head
from .runs import Result

DRAWERS = {
    "sample": plot_sample, "reweight": plot_reweight, "learn": plot_learn, "fit": plot_fit, "network": plot_network,
    "stack": plot_stack,
}  # fmt: skip


def name_run(figure: Figure, run: Result) -> None:
    """Every figure says which run it is of, also once it is out of its folder."""
    parts = [figure, *figure.subfigs]
    heads = [part.get_suptitle() for part in parts if part.get_suptitle()]
    name = file_name(run)
    if not any(name in text for text in heads):
        head(figure, "\n".join([name, *heads]))


def draw(run: Result, folder: Path, extension: str = "png") -> Iterator[Path]:
    """Draws every figure that the run has data for; the files as they are written."""
    drawn = []
    with plt.rc_context({**STYLE, "figure.max_open_warning": 0}):
        try:
            drawn.extend(DRAWERS[run.kind].figures(run))  # all, as of a run that is refused nothing is written
            for name, figure in drawn:
                name_run(figure, run)
                folder.mkdir(parents=True, exist_ok=True)
                file = folder / f"{name}.{extension}"
                figure.savefig(file)
                yield file
        finally:
            for _, figure in drawn:
                plt.close(figure)


def plot(run: Result, folder: Path, extension: str = "png") -> list[Path]:
    """The same at once; returns the files written."""
    return list(draw(run, folder, extension))


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try again as it ends
        if not isinstance(error, BrokenPipeError):  # a reader that leaves is no matter
            raise OSError(f"cannot write standard output: {error.strerror}") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="quartic plot", description="Draws the figures of a run file.")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run file")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder of the figures (RUN-figures, here)")
    parser.add_argument("--format", choices=("png", "pdf", "svg"), default="png")
    parser.add_argument("--json", action="store_true", help="a JSON object for each")
    options = parser.parse_args(arguments)
    folder = options.output or Path(f"{options.run.stem}-figures")
    try:
        for file in draw(Result.of(options.run), folder, options.format):
            _say(json.dumps({"event": "figure", "file": path_text(file)}) if options.json else str(file))
    except (Error, OSError) as error:
        print(f"quartic: {error}", file=sys.stderr)
        return getattr(error, "code", 3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
