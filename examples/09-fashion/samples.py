"""`samples.py RUN.h5 ...`: samples of networks beside each other and beside their data, in samples.png.

Once as they are drawn, with the pixels' own noise, and once as the pixels' expectations given the drawn hidden units, as
pixels are independent given these.
"""

import subprocess
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

COLUMNS, LINES = 10, 8


def mosaic(images: np.ndarray) -> np.ndarray:
    tiles = images[: COLUMNS * LINES].reshape(LINES, COLUMNS, 28, 28)
    return tiles.transpose(0, 2, 1, 3).reshape(LINES * 28, COLUMNS * 28)


def samples(run: str, *options: str) -> np.ndarray:
    rows = ["--rows", str(COLUMNS * LINES), *options]
    subprocess.run(["quartic", "generate", run, *rows, "-o", "samples.npy", "--force", "--quiet"], check=True)
    return np.load("samples.npy")


def data(run: str) -> np.ndarray:
    with h5py.File(run) as file:
        model = file["observed_data/phi"][: COLUMNS * LINES]
    return (model.reshape(len(model), 28, 28) + 1) * 127.5


panels = [("data, with the noise it learns from", data(sys.argv[1]))]
for run in sys.argv[1:]:
    panels += [(f"{run}: draws", samples(run)), (f"{run}: expectations", samples(run, "--mean"))]
figure, axes = plt.subplots(1, len(panels), figsize=(4.4 * len(panels), 3.9), squeeze=False)
for axis, (name, images) in zip(axes[0], panels, strict=True):
    axis.imshow(mosaic(images), cmap="gray", vmin=0, vmax=255)
    axis.set_title(name)
    axis.set_axis_off()
figure.tight_layout()
figure.savefig("samples.png", dpi=110)
