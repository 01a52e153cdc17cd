"""Figures of a run: `python -m quartic.plot RUN [-o DIR] [--format png|pdf|svg]`, the same as `quartic plot`."""

import argparse
import json
import sys
from pathlib import Path

from matplotlib import pyplot as plt

from . import plot_fit, plot_learn, plot_network, plot_reweight, plot_sample, plot_stack
from .errors import Error
from .plot_style import STYLE
from .runs import Result

DRAWERS = {
    "sample": plot_sample, "reweight": plot_reweight, "learn": plot_learn, "fit": plot_fit, "network": plot_network,
    "stack": plot_stack,
}  # fmt: skip


def plot(run: Result, folder: Path, extension: str = "png") -> list[Path]:
    """Draws every figure that the run has data for; returns the files written."""
    files = []
    with plt.rc_context(STYLE):
        for name, figure in DRAWERS[run.kind].figures(run):
            folder.mkdir(parents=True, exist_ok=True)  # of what is refused nothing is left
            files.append(folder / f"{name}.{extension}")
            figure.savefig(files[-1])
            plt.close(figure)
    return files


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="quartic plot", description="Draws the figures of a run file.")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run file")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder of the figures (RUN-figures, here)")
    parser.add_argument("--format", choices=("png", "pdf", "svg"), default="png")
    parser.add_argument("--json", action="store_true", help="a JSON object for each")
    options = parser.parse_args(arguments)
    try:
        files = plot(Result.of(options.run), options.output or Path(f"{options.run.stem}-figures"), options.format)
    except (Error, OSError) as error:
        print(f"quartic: {error}", file=sys.stderr)
        return getattr(error, "code", 3)
    for file in files:
        print(json.dumps({"event": "figure", "file": str(file)}) if options.json else file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
