"""Folders that end with their use, by the hand of the process that made them alone: a forked child has them too."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def temporary_file() -> Path:
    """A place for a run that was given none; it goes with its Result."""
    return Path(tempfile.mkdtemp(prefix="quartic-")) / "run.h5"


def remove_with(owner: object, folder: Path) -> None:
    """Removes the folder when `owner` goes, at the latest when this process does."""
    weakref.finalize(owner, remove, folder, os.getpid())


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """As tempfile.TemporaryDirectory, which a child that another thread forks would remove."""
    folder, process = Path(tempfile.mkdtemp(prefix="quartic-")), os.getpid()
    try:
        yield folder
    finally:
        remove(folder, process)


def remove(folder: Path, process: int) -> None:
    """Unless this is a child of that process."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
