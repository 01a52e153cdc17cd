"""The exceptions that quartic raises."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

_PYTHONS = {  # what the command line calls it, and Python
    r"give another name with -o, or --force": "another path, or force=True",
    r"--set ": "settings ",
    r"quartic resume RUN --(\w+) (\S+)": r"quartic.resume(result, \1=\2)",
    r"quartic (sample|fit|learn|reweight|resume) RUN": r"quartic.\1(...)",
    r"--(draws|epochs) (\d+)": r"\1=\2",
    r"--to nn=-1,phi2=1.52425,phi4=0.175": "to={'nn': -1, 'phi2': 1.52425, 'phi4': 0.175}",
    r"without --to-target": "without to=",
    r"--anneal": "anneal=True",
    r"--one-chain": "one_chain=True",
}


def in_python(text: str) -> str:
    """A message of the library in Python's words, which can be printed: what no encoding has is \\xNN."""
    text = re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)
    for said, ours in _PYTHONS.items():
        text = re.sub(said, ours, text)
    return text


class Error(RuntimeError):
    """Anything quartic refuses or fails at.

    Attributes
    ----------
    hint : str
        The remedy, where there is one.
    code : int
        The exit code that the command line gives for the same error.
    """

    def __init__(self, message: str, hint: str = "", code: int = 1):
        super().__init__(in_python(f"{message} ({hint})" if hint else message))
        self.hint = in_python(hint)
        self.code = code


class BadInput(Error, ValueError):
    """A file, an argument or a physical parameter that cannot be."""

    def __init__(self, message: str, hint: str = "", code: int = 3):
        super().__init__(message, hint, code)


class BadType(BadInput, TypeError):
    """An argument of a type that cannot be."""


class Diverged(Error):
    """A run that left the region where its numbers mean something."""

    def __init__(self, message: str, hint: str = "", code: int = 4):
        super().__init__(message, hint, code)


_NO_ROOM, _NOT_YOURS = "make room, or write in another folder", "write in a folder of your own"
_REMEDIES = {  # for what the system says
    errno.ENOSPC: _NO_ROOM, errno.EDQUOT: _NO_ROOM, errno.EACCES: _NOT_YOURS, errno.EPERM: _NOT_YOURS,
    errno.EROFS: _NOT_YOURS, errno.EFBIG: "a limit on the size of files: ulimit -f",
    errno.EMFILE: "a limit on the number of open files: ulimit -n", errno.ENAMETOOLONG: "give a shorter name",
}  # fmt: skip


@contextmanager
def refused_by_the_system(what: str) -> Iterator[None]:
    """An OSError inside is a sentence that begins with what could not be done."""
    try:
        yield
    except OSError as error:
        named = error.filename is not None and error.filename2 is None and str(error.filename) not in what
        of = f" ('{error.filename}')" if named else ""
        remedy = _REMEDIES.get(error.errno or 0, "is the disk full, or the directory gone?")
        raise BadInput(f"{what}: {error.strerror or error}{of}", remedy) from error
