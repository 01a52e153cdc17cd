"""A run that the ranks of an MPI communicator share (mpi4py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .errors import BadType

T = TypeVar("T")


def communicator_of(comm: Any, place: str) -> int:
    """The address of its MPI_Comm; 0 of none, and of one rank."""
    if comm is None:
        return 0
    try:
        from mpi4py import MPI  # never without a communicator: importing it begins MPI
    except ImportError:
        raise BadType(f"{place}: comm needs mpi4py", "pip install mpi4py") from None
    if not isinstance(comm, MPI.Intracomm):
        raise BadType(f"{place}: {comm!r} is no communicator", "comm=mpi4py.MPI.COMM_WORLD")
    return MPI._addressof(comm) if comm.size > 1 else 0


def on_root(comm: Any, f: Callable[[], T]) -> T:
    """f() of rank 0, on all ranks; what it raises, all raise."""
    if communicator_of(comm, "comm") == 0:
        return f()
    value, error = None, None
    if comm.rank == 0:
        try:
            value = f()
        except Exception as raised:
            error = raised
    value, error = comm.bcast((value, error))
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


def is_root(comm: Any) -> bool:
    return comm is None or comm.rank == 0
