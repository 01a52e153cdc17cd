"""What networks give back: numbers with their errors."""

from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A number and its standard error."""

    value: float
    error: float


class NetworkMoments(NamedTuple):
    """<phi h>, <phi>, <phi^2>, <phi^4>, <h>, <h^2>, <h^4>, or d ln p / d of the couplings of those names."""

    w: np.ndarray
    r: np.ndarray
    a: np.ndarray
    b: np.ndarray
    s: np.ndarray
    m: np.ndarray
    n: np.ndarray


class LogZ(NamedTuple):
    """ln Z of a network and what it is known from.

    `value` is the best estimate; annealing from independent units to the network (`forward`) gives too little on
    average, the way back (`reverse`) too much; `ladder` is parallel tempering's, None where ln Z is `exact`. Unless
    `ok`, `reason` says why not to trust it.
    """

    value: Estimate
    forward: Estimate
    reverse: Estimate
    annealed: Estimate
    ladder: Estimate | None
    exact: bool
    ok: bool
    reason: str


class Likelihood(NamedTuple):
    """Mean ln p of rows: its error is that of ln Z, `lower` and `upper` come from both ways of annealing, `rows_error`
    is the standard error over the rows."""

    value: Estimate
    lower: float
    upper: float
    rows_error: float
