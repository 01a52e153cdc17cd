"""Figures of a run: `python -m quartic.plot RUN [-o DIR] [--format png|pdf|svg] [--force]`, as `quartic plot`."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from . import _quartic, arguments, plot_fit, plot_learn, plot_network, plot_reweight, plot_sample, plot_stack
from .arguments import PathLike, path_text
from .errors import BadInput, Error, refused_by_the_system
from .plot_style import STYLE, file_name, head
from .runs import Result
from .temporary import in_place_of

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


MARK = "drawn by quartic plot"  # in every figure's metadata


def _require_free(file: Path, force: bool) -> None:
    """Figures of quartic's are drawn anew, other files are kept."""
    _quartic.require_writable(file, True)
    if file.exists() and not force and not _is_figure(file):
        raise BadInput(
            f"'{path_text(file)}' is there, and no figure that quartic drew",
            "another folder, or --force (in Python force=True)",
        )


def _is_figure(file: Path) -> bool:
    return file.stat().st_size < 2**28 and MARK.encode() in file.read_bytes()


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Makes it and those above it, which go again where nothing comes into them."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for place in missing:
            with suppress(OSError):
                place.rmdir()


def draw(run: Result, folder: PathLike, extension: str = "png", force: bool = False) -> Iterator[Path]:
    """Draws every figure that the run has data for; the files as they are written. Those that quartic drew before are
    replaced, others where `force` says so."""
    folder, drawn = arguments.file_name("quartic.plot", folder), []
    what = f"the figures of '{path_text(run.path)}' cannot be drawn in '{path_text(folder)}'"
    metadata = {"Software" if extension == "png" else "Creator": MARK}
    with refused_by_the_system(what), plt.rc_context({**STYLE, "figure.max_open_warning": 0}):
        try:
            drawn.extend(DRAWERS[run.kind].figures(run))  # all, as of a run that is refused nothing is written
            files = [folder / f"{name}.{extension}" for name, _ in drawn]
            with _made(folder):
                for file in files:
                    _require_free(file, force)
                for file, (_, figure) in zip(files, drawn, strict=True):
                    name_run(figure, run)
                    with in_place_of(file) as fresh:
                        figure.savefig(fresh, format=extension, metadata=metadata)
                    yield file
        finally:
            for _, figure in drawn:
                plt.close(figure)


def plot(run: Result, folder: PathLike, extension: str = "png", force: bool = False) -> list[Path]:
    """The same at once; returns the files written."""
    return list(draw(run, folder, extension, force))


def _put(text: str, stream: TextIO) -> None:
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or Python would try again as it ends
        if not isinstance(error, BrokenPipeError):  # a reader that leaves is no matter
            raise BadInput(
                f"cannot write standard output: {error.strerror}", "is the disk full, or the stream closed?"
            ) from None


def _refuse(error: Error) -> int:
    with suppress(BadInput):  # of a stream that is closed
        _put(f"quartic: {error}", sys.stderr)
    return error.code


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="quartic plot", description="Draws the figures of a run file.")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run file")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder of the figures (RUN-figures, here)")
    parser.add_argument("--format", choices=("png", "pdf", "svg"), default="png")
    parser.add_argument("--force", action="store_true", help="replace files that are no figures of quartic's, too")
    parser.add_argument("--json", action="store_true", help="a JSON object for each")
    options = parser.parse_args(arguments)
    folder = options.output or Path(f"{options.run.stem}-figures")
    try:
        with refused_by_the_system(f"'{path_text(options.run)}' cannot be drawn"):
            for file in draw(Result.of(options.run), folder, options.format, options.force):
                name = path_text(file)
                _put(json.dumps({"event": "figure", "file": name}) if options.json else name, sys.stdout)
    except Error as error:
        return _refuse(error)
    except ImportError as error:  # of what is only imported where it is wanted
        if "failed to map segment" in str(error):  # glibc's words for too few addresses
            raise MemoryError from error
        return _refuse(BadInput(f"figures cannot be drawn: {error}", "pip install 'quartic[plot]'"))
    except KeyboardInterrupt:
        return 130  # as a shell says it
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MemoryError:  # which the command line says in its own words
        sys.exit("quartic: out of memory: the figures could not be drawn")
