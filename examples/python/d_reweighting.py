"""Reweighting to a complex action with an own observable, and two runs combined by MBAR over a scan."""

import numpy as np
import quartic

S = [quartic.Action(quartic.lattice("square", 4), w=1, a=a, b=0.175) for a in (1.5, 1.6)]
runs = [quartic.sample(action, chains=256, draws=500, random_state=k) for k, action in enumerate(S)]
point = quartic.reweight(
    runs[0], {"nn": -1, "phi2": 1.5 + 0.02j, "phi4": 0.175}, observables=[lambda phi: phi[:, 0, 0] ** 2]
)
scan = quartic.reweight(runs, {"nn": -1, "phi4": 0.175}, scan={"phi2": np.linspace(1.5, 1.6, 5)}, observables=["m2"])
print(point["<lambda>"], *scan["m2"], point.ok, scan.ok, sep="\n")
