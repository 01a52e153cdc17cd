"""What ends with its use: folders, by the hand of the process that made them alone, as a forked child has them too, and
files that are not whole."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .arguments import path_text
from .errors import refused_by_the_system


def temporary_file() -> Path:
    """A place for a run that was given none; it goes with its Result."""
    return _new_folder() / "run.h5"


def _new_folder() -> Path:
    with refused_by_the_system("cannot make a temporary folder (TMPDIR)"):
        return Path(tempfile.mkdtemp(prefix="quartic-"))


def remove_with(owner: object, folder: Path) -> None:
    """Removes the folder when `owner` goes, at the latest when this process does."""
    weakref.finalize(owner, remove, folder, os.getpid())


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """As tempfile.TemporaryDirectory, which a child that another thread forks would remove."""
    folder, process = _new_folder(), os.getpid()
    try:
        yield folder
    finally:
        remove(folder, process)


def remove(folder: Path, process: int) -> None:
    """Unless this is a child of that process."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def save_rows(file: Path, rows: np.ndarray) -> None:
    """For the library, which reads them as float32."""
    with refused_by_the_system(f"cannot write '{path_text(file)}'"):
        np.save(file, np.ascontiguousarray(rows, dtype=np.float32))


@contextmanager
def in_place_of(file: Path) -> Iterator[Path]:
    """A file to write, which takes the place of that one, be it behind a link, once it is whole. What a process that
    was killed leaves goes when quartic next writes a run there."""
    with refused_by_the_system(f"cannot write '{path_text(file)}'"):
        target = Path(os.path.realpath(file))
        fresh = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        try:
            yield fresh
            if target.exists():
                shutil.copymode(target, fresh)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
