"""The command `quartic` of wheels: the program is in the extension module, which is loaded without the package."""

import importlib.util
import signal
import sys
from importlib.machinery import PathFinder
from pathlib import Path


def main() -> int:
    for name in ("SIGINT", "SIGPIPE"):  # as a program has them, not as Python does
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    found = PathFinder.find_spec("_quartic", [str(Path(__file__).parent / "quartic")])
    if found is None or found.loader is None:
        sys.exit("quartic: the package is not whole: install it anew")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    # By name it is this Python, which draws figures, whether or not it is on PATH.
    return int(module.program([sys.executable or "quartic", *sys.argv[1:]]))
