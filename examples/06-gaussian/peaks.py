"""Where the fields of fits peak, and their mean and deviation against the data's: python peaks.py RUN.h5 ..."""

import sys

import numpy as np

import quartic


def mode(values: np.ndarray, width: float = 0.01) -> float:
    """The peak of the density, smoothed by a Gaussian of that width."""
    edges = np.linspace(values.min() - 5 * width, values.max() + 5 * width, 2001)
    counts, _ = np.histogram(values, edges)
    middle = (edges[1:] + edges[:-1]) / 2
    kernel = np.exp(-(((middle - middle[1000]) / width) ** 2) / 2)
    return float(middle[np.argmax(np.convolve(counts, kernel, "same"))])


def mean_and_deviation(rows: np.ndarray) -> str:
    """Over all sites, with errors from the scatter between rows."""
    mean, square = rows.mean(-1), ((rows - rows.mean()) ** 2).mean(-1)
    errors = [x.std(ddof=1) / np.sqrt(len(x)) for x in (mean, square)]
    deviation = np.sqrt(square.mean())
    return f"mean {mean.mean():.5f} +- {errors[0]:.5f}, deviation {deviation:.5f} +- {errors[1] / 2 / deviation:.5f}"


for name in sys.argv[1:]:
    fit = quartic.open(name)
    data = fit.to_data(fit.examples)
    fields = fit.to_data(fit.phi).reshape(-1, data.shape[1])
    positive = (fields > 0).mean()
    print(name)
    for sign, share in ((1, positive), (-1, 1 - positive)):
        if share > 0.01:
            print(f"  {100 * share:5.1f} % of the values around a peak at {mode(fields[sign * fields > 0]):+.4f}")
    print(f"  model: {mean_and_deviation(fields)}")
    print(f"  data:  {mean_and_deviation(data)}")
