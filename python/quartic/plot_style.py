"""How figures of all kinds of run look: colours, numbers with their errors, axes."""

from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from ._quartic import with_error
from .arguments import path_text
from .runs import Result

# Okabe and Ito's, which the colour-blind tell apart.
BLUE, ORANGE, GREEN, PURPLE, PALE = "#0072b2", "#d55e00", "#009e73", "#aa4499", "#9cc8e3"
GREY, RED = "#8c8c8c", "#b2182b"
STYLE: Any = {  # matplotlib's types name every key
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE, "#e69f00", "#56b4e9", "#8c8c8c"]),
    "legend.frameon": False,
    "legend.fontsize": 8,
    "mathtext.fontset": "cm",
    "svg.fonttype": "none",
}
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


COLOURS = {"w": BLUE, "r": PURPLE, "a": ORANGE, "b": GREEN}
SYMBOLS_OF_KINDS = {"w": "$w_{ij}$", "r": "$r_i$", "a": "$a_i$", "b": "$b_i$"}


def symbol(name: str) -> str:
    """In mathematics where quartic knows it; a user's own name as it stands."""
    return f"${SYMBOLS[name]}$" if name in SYMBOLS else name.replace("$", r"\$")


def average(name: str) -> str:
    if name == "action_density":
        return r"$\langle B\rangle/V$"
    return rf"$\langle {SYMBOLS[name]}\rangle$" if name in SYMBOLS else f"⟨{symbol(name)}⟩"


def number(value: float, error: float, scale: float = 0.0) -> str:
    """As in the reports, -20.412(3); what is nothing but the rounding of numbers of size `scale` is 0."""
    if abs(value) + error < 1e-12 * scale:
        return "0 (rounding)"
    return with_error(float(value), float(error)).replace("-", "−")


def short(value: float) -> str:
    """A number that has no error: three digits."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.3g}"


def file_name(run: Result) -> str:
    """As it can be shown: a name is any bytes."""
    return path_text(run.path.name)


def title(run: Result) -> str:
    """File and lattice."""
    size = "×".join(map(str, run.extent))
    return f"{file_name(run)}   {run.data['model'].attrs['lattice'] or 'edge list'} {size}".rstrip()


def head(figure: Figure, text: str) -> Figure:
    figure.suptitle(text, x=0.01, ha="left", fontsize=9, parse_math=False)  # a dollar is one
    return figure


def plain(axis: Axis) -> None:
    """1, 10, 100 on a logarithmic axis."""
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def decades(axes: Axes) -> None:
    """Ticks of a logarithmic y axis that has few decades, or many."""
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log" and low > 0 and high / low < 30:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def whole(axes: Axes, most: int = 5) -> None:
    """Whole numbers only along x, be it a single one."""
    axes.xaxis.set_major_locator(MaxNLocator(most, integer=True, min_n_ticks=1))


def epochs(axes: Axes, last: float, label: str = "epoch") -> None:
    """An axis of epochs from 0: linear where they are few, else logarithmic behind the first."""
    if last <= 40:
        axes.set_xlim(-0.03 * last, max(1.03 * last, 1))
        whole(axes)
    else:
        axes.set_xscale("symlog", linthresh=1, linscale=0.3)
        axes.set_xlim(-0.15, 1.12 * last)
        decades = 10.0 ** np.arange(int(np.log10(last)) + 1)
        axes.xaxis.set_major_locator(FixedLocator([0, *decades]))
        axes.xaxis.set_minor_locator(FixedLocator([k * d for d in decades for k in range(2, 10) if k * d <= last]))
        plain(axes.xaxis)
    axes.set_xlabel(label)


def without_scale(axes: Axes) -> None:
    """Of a density, which says nothing but its shape."""
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
