"""The quartic density p(x) ~ exp(-b x^4 - a x^2 + j x): the conditional of one site given all others.

Every function broadcasts its arguments as numpy does and needs b > 0, or b = 0 and a > 0.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from . import _quartic
from .arguments import require_unmasked
from .seeds import RandomState, seed_of


class Moments(NamedTuple):
    """Raw moments of the quartic density.

    Attributes
    ----------
    mean, second, fourth : numpy.ndarray
        <x>, <x^2>, <x^4>.
    """

    mean: np.ndarray
    second: np.ndarray
    fourth: np.ndarray


def _compute(a: ArrayLike, b: ArrayLike, j: ArrayLike) -> np.ndarray:
    require_unmasked(a, b, j)
    a, b, j = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (a, b, j)))
    rows = _quartic.quartic_moments(*(np.ascontiguousarray(x).reshape(-1) for x in (a, b, j)))
    return rows.reshape((4, *a.shape))


def log_normaliser(a: ArrayLike, b: ArrayLike, j: ArrayLike = 0.0) -> np.ndarray:
    """Logarithm of the integral of exp(-b x^4 - a x^2 + j x).

    Parameters
    ----------
    a, b, j : array_like
        Couplings, broadcast against each other.

    Returns
    -------
    numpy.ndarray
        With a relative error below 1e-12.
    """
    return _compute(a, b, j)[0][()]


def moments(a: ArrayLike, b: ArrayLike, j: ArrayLike = 0.0) -> Moments:
    """<x>, <x^2> and <x^4>.

    Parameters
    ----------
    a, b, j : array_like
        Couplings, broadcast against each other.

    Returns
    -------
    Moments
        With a relative error below 1e-12.
    """
    return Moments(*(row[()] for row in _compute(a, b, j)[1:]))


def log_density(x: ArrayLike, a: ArrayLike, b: ArrayLike, j: ArrayLike = 0.0) -> np.ndarray:
    """Logarithm of the normalised density.

    Parameters
    ----------
    x : array_like
        Where.
    a, b, j : array_like
        Couplings, broadcast against x and each other.

    Returns
    -------
    numpy.ndarray
        As ln p(x).
    """
    require_unmasked(x, a, b, j)
    x, a, b, j = (np.asarray(v, dtype=np.float64) for v in (x, a, b, j))
    square = x * x
    return -(b * square + a) * square + j * x - log_normaliser(a, b, j)


def draw(
    a: ArrayLike,
    b: ArrayLike,
    j: ArrayLike = 0.0,
    size: int | tuple[int, ...] | None = None,
    random_state: RandomState = None,
) -> np.ndarray:
    """Exact, independent draws.

    Parameters
    ----------
    a, b, j : array_like
        Couplings, broadcast against each other.
    size : int or tuple of int, optional
        Shape of the result; by default that of the couplings.
    random_state : int, Generator, RandomState or None
        The same integer gives the same draws.

    Returns
    -------
    numpy.ndarray
        Draws of shape `size`.
    """
    seed = seed_of(random_state)
    require_unmasked(a, b, j)
    arrays = [np.asarray(v, dtype=np.float64) for v in (a, b, j)]
    if size is None:
        size = np.broadcast_shapes(*(v.shape for v in arrays))
    a, b, j = (np.broadcast_to(v, size) for v in arrays)
    a, b, j = (np.ascontiguousarray(v).reshape(-1) for v in (a, b, j))
    flat = _quartic.draw_quartic(a, b, j, seed)
    return flat.reshape(size)[()]
