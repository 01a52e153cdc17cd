"""Weight ESS against the number of sites: all at once, and annealed from S to A. Writes ess.png."""

import json
import subprocess
import sys
from pathlib import Path

from matplotlib import pyplot as plt

from quartic.plot_style import BLUE, ORANGE, STYLE

CONFIG = Path(__file__).with_name("run.toml")


def measure(extent: int) -> dict:
    """Learns A4 on extent x extent sites and anneals the learned configurations to it."""
    run = f"ess-{extent}.h5"
    size = f"graph.extent=[{extent},{extent}]"
    subprocess.run(["quartic", "learn", CONFIG, "--set", size, "-o", run, "--force", "--quiet"], check=True)
    command = ["quartic", "free-energy", run, "--to-target", "--error", "0.05", "--json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return json.loads(lines[-1])["from_learned"]


def main() -> None:
    """Sizes from the command line, or the default ones."""
    extents = [int(x) for x in sys.argv[1:]] or [4, 8, 12, 16, 24]
    results = [measure(extent) for extent in extents]
    sites = [extent**2 for extent in extents]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(4.4, 3.2))
        for key, label, colour in (("weight_ess", "annealed", BLUE), ("direct_ess", "at once", ORANGE)):
            value = [r[key]["value"] for r in results]
            error = [r[key]["error"] for r in results]
            axes.errorbar(sites, value, error, fmt="o-", ms=4, lw=1, color=colour, label=label)
        for x, r in zip(sites, results, strict=True):
            axes.annotate(f"{r['steps']} steps", (x, r["weight_ess"]["value"]), xytext=(0, 7),
                          textcoords="offset points", ha="center", fontsize=7)  # fmt: skip
        axes.axhline(0.5, color="0.7", lw=0.8, ls="--", zorder=0)
        axes.set_xscale("log")
        axes.set_xticks(sites, [f"{extent}²" for extent in extents])
        axes.minorticks_off()
        axes.margins(x=0.2)  # of labels at the ends
        axes.set(xlabel="sites $V$", ylabel="weight ESS", ylim=(0, 1.12))
        axes.set_title("Learned configurations, weighted for $A_4$")
        axes.legend(loc="lower left")
        figure.savefig("ess.png")


if __name__ == "__main__":
    main()
