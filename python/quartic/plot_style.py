"""How figures of all kinds of run look: colours, numbers with their errors, axes."""

from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, StrMethodFormatter

from .runs import Result

STYLE: dict[str, Any] = {
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "mathtext.fontset": "cm",
    "svg.fonttype": "none",
}
BLUE, PALE, ORANGE, GREEN, PURPLE = "#2b6ca3", "#9db9d6", "#c8641b", "#2f8a4e", "#7a4fa3"
DASHED: dict[str, Any] = {"color": "black", "linestyle": (0, (4, 3)), "linewidth": 0.9}
DATA = (("", "data", BLUE), ("held_out_", "held out", ORANGE))
SYMBOLS = {
    "action_density": "S/V",
    "m": "m",
    "abs_m": "|m|",
    "m2": "m^2",
    "m4": "m^4",
    "phi2": r"\phi^2",
    "phi4": r"\phi^4",
    "phi6": r"\phi^6",
    "nn": r"\phi\phi_{nn}",
    "nnn": r"\phi\phi_{nnn}",
    "susceptibility": r"\chi",
    "susceptibility_connected": r"\chi_c",
    "binder_cumulant": "U_4",
    "specific_heat": r"\mathrm{Var}(S)/V",
    "correlation_length": r"\xi_2",
}


def symbol(name: str) -> str:
    """In mathematics where quartic knows it; a user's own name as it stands."""
    return f"${SYMBOLS[name]}$" if name in SYMBOLS else name.replace("$", r"\$")


def average(name: str) -> str:
    if name == "action_density":
        return r"$\langle B\rangle/V$"
    return rf"$\langle {SYMBOLS[name]}\rangle$" if name in SYMBOLS else f"⟨{symbol(name)}⟩"


def number(value: float, error: float) -> str:
    """Value with its error in brackets, -20.412(3)."""
    if not (np.isfinite(value) and np.isfinite(error) and error > 0):
        return f"{value:.6g}"
    digits = max(0, 1 - int(np.floor(np.log10(error)))) if error < 10 else 0
    if digits > 8:  # nothing but rounding
        return f"{value:.3g} ± {error:.1g}"
    return f"{value:.{digits}f}({round(error * 10**digits)})"


def title(run: Result) -> str:
    """File and lattice."""
    size = "×".join(map(str, run.extent))
    return f"{run.path.name}   {run.data['model'].attrs['lattice'] or 'edge list'} {size}".rstrip()


def head(figure: Figure, text: str) -> Figure:
    figure.suptitle(text, x=0.01, ha="left", fontsize=9)
    return figure


def plain(axis: Axis) -> None:
    """1, 10, 100 on a logarithmic axis."""
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def whole(axes: Axes, most: int = 5) -> None:
    """Whole numbers only along x, be it a single one."""
    axes.xaxis.set_major_locator(MaxNLocator(most, integer=True, min_n_ticks=1))


def without_scale(axes: Axes) -> None:
    """Of a density, which says nothing but its shape."""
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
