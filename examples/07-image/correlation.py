"""How alike the fields of a fit are to the image it learned: python correlation.py RUN.h5 ..."""

import sys

import numpy as np

import quartic

for name in sys.argv[1:]:
    fit = quartic.open(name)
    image = fit.examples[0]

    def correlation(phi: np.ndarray, image: np.ndarray = image) -> np.ndarray:
        return np.array([np.corrcoef(field, image)[0, 1] for field in phi.reshape(-1, image.size)])

    print(name)
    for epoch, phi in zip(fit.history.snapshot.values, fit.history.phi.values, strict=True):
        print(f"  epoch {epoch:4d}: |correlation| {np.abs(correlation(phi)).mean():.3f}")
    last = correlation(fit.phi[:, -1])
    error = np.abs(last).std(ddof=1) / np.sqrt(len(last))
    print(f"  learned: |correlation| {np.abs(last).mean():.4f} +- {error:.4f}, the least {np.abs(last).min():.3f}")
    print(f"  learned: {(last > 0).sum()} chains show the image, {(last < 0).sum()} its negative")
