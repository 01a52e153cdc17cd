"""Numbers with their errors, and what networks give back."""

from typing import Any, NamedTuple, Self

import numpy as np

from ._quartic import with_error


class Estimate(NamedTuple):
    """A number and its standard error.

    `str` gives ``0.482(5)``; ``gvar.gvar(*estimate)`` takes it as it is.

    Attributes
    ----------
    value, error : float
        The number, and one standard deviation.
    """

    value: float
    error: float

    def __str__(self) -> str:
        return with_error(self.value, self.error)

    def __float__(self) -> float:
        return self.value

    def __format__(self, form: str) -> str:
        return format(self.value, form) if form else str(self)


class Judged(Estimate):
    """An estimate that carries more: whether to trust it, and what it rests on."""

    ok: bool
    reason: str

    def __new__(cls, value: float, error: float, **more: Any) -> Self:
        self = super().__new__(cls, value, error)
        self.__dict__.update(more)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _judged, (type(self), self.value, self.error, self.__dict__)

    def _verdict(self) -> str:
        return "ok" if self.ok else f"NOT ok: {self.reason}"


def _judged(kind: type[Judged], value: float, error: float, more: dict[str, Any]) -> Judged:
    return kind(value, error, **more)


class Observable(Judged):
    """An observable with everything that a number must carry.

    Attributes
    ----------
    value, error : float
        The mean and its standard error.
    tau, tau_error : float
        Integrated autocorrelation time, in draws (Wolff, Comput. Phys. Commun. 156, 143, 2004).
    ess, r_hat : float
        Effective draws of all chains, and the rank-normalised split R-hat.
    ok : bool
        Whether to trust it; `reason` says why not. Where it begins with "undefined" there is no such number for this
        ensemble, as of a correlation length whose square is not clearly above 0, and the value is NaN.
    meaning : str
        Its formula in words.
    """

    tau: float
    tau_error: float
    ess: float
    r_hat: float
    meaning: str

    def __repr__(self) -> str:
        if self.reason.startswith("undefined"):
            return self.reason
        tau = with_error(self.tau, self.tau_error)
        return f"{self} (tau {tau}, ESS {self.ess:.3g}, R-hat {self.r_hat:.3f}, {self._verdict()})"


class ComplexEstimate(NamedTuple):
    """A complex number and the standard errors of its parts.

    Attributes
    ----------
    value : complex
        The number.
    real_error, imag_error : float
        One standard deviation of either part.
    """

    value: complex
    real_error: float
    imag_error: float

    @property
    def real(self) -> Estimate:
        """The real part."""
        return Estimate(self.value.real, self.real_error)

    @property
    def imag(self) -> Estimate:
        """The imaginary part."""
        return Estimate(self.value.imag, self.imag_error)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.value.imag == 0 and self.imag_error == 0:
            return str(self.real)
        return (
            f"{self.real} {'-' if self.value.imag < 0 else '+'} {with_error(abs(self.value.imag), self.imag_error)} i"
        )


class Check(NamedTuple):
    """A health check of a run: what the value should be, and what to do where it is not.

    Attributes
    ----------
    name : str
        What is checked.
    value : Estimate
        What was found.
    threshold : str
        What it should be.
    ok : bool
        Whether it is.
    advice : str
        What to do where it is not.
    """

    name: str
    value: Estimate
    threshold: str
    ok: bool
    advice: str


class NetworkMoments(NamedTuple):
    """Moments of a network, or d ln p / d of the couplings of those names.

    Attributes
    ----------
    w : numpy.ndarray
        <phi h>, shape (visible units, hidden units).
    r, a, b : numpy.ndarray
        <phi>, <phi^2>, <phi^4>, one a visible unit.
    s, m, n : numpy.ndarray
        <h>, <h^2>, <h^4>, one a hidden unit.
    u : numpy.ndarray or None
        <phi^2 h>; None without gates.
    """

    w: np.ndarray
    r: np.ndarray
    a: np.ndarray
    b: np.ndarray
    s: np.ndarray
    m: np.ndarray
    n: np.ndarray
    u: np.ndarray | None = None


class LogZ(NamedTuple):
    """Normaliser of a network, ln Z, and what it is known from.

    Attributes
    ----------
    value : Estimate
        The best estimate.
    forward, reverse : Estimate
        By annealing from independent units to the network, too little on average, and by the way back, too much.
    annealed : Estimate
        Both ways together, by the acceptance ratio.
    ladder : Estimate or None
        By parallel tempering; None where ln Z is `exact`.
    exact : bool
        Whether it is a sum, an integral or a determinant instead of an estimate.
    ok : bool
        Whether to trust it; `reason` says why not.
    modes : Estimate or None
        The sum over the network's mean-field modes; None where there is one and nothing else failed.
    bound : float
        The best bound of a mean-field mode: ln Z is not below it.
    """

    value: Estimate
    forward: Estimate
    reverse: Estimate
    annealed: Estimate
    ladder: Estimate | None
    exact: bool
    ok: bool
    reason: str
    modes: Estimate | None = None
    bound: float = -np.inf

    def __str__(self) -> str:
        if self.exact:
            return f"{self.value.value:.6g}, exact"
        return str(self.value) if self.ok else f"{self.value}, NOT TO BE TRUSTED: {self.reason}"


class Likelihood(NamedTuple):
    """Mean ln p of rows, and what it is uncertain by.

    Attributes
    ----------
    value : Estimate
        Its error is that of ln Z.
    lower, upper : float
        By ln Z of both ways of annealing.
    rows_error : float
        Standard error over the rows.
    ok : bool
        Whether to trust it; `reason` says why not: that of ln Z, or rows of discrete units whose probabilities add up
        to more than 1.
    """

    value: Estimate
    lower: float
    upper: float
    rows_error: float
    ok: bool = True
    reason: str = ""

    def __str__(self) -> str:
        text = f"{self.value} (other rows: ± {self.rows_error:.2g})"
        return text if self.ok else f"{text}, NOT TO BE TRUSTED: {self.reason}"
