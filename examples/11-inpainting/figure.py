"""`figure.py NOISY.npy CLEANED.npy DRAWN.npy MEAN.npy`: what was given beside what the network made of it."""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from images import test_images


def rms(images: np.ndarray, clean: np.ndarray) -> str:
    """Root mean square deviation in grey levels, with its standard error over images."""
    square = ((images - clean) ** 2).mean(axis=(1, 2))
    value = np.sqrt(square.mean())
    return f"{value:.1f} +- {square.std() / np.sqrt(len(square)) / (2 * value):.1f}"


noisy, cleaned, drawn, mean = (np.load(name) for name in sys.argv[1:5])
clean = test_images(len(noisy))
print("root mean square deviation from the clean images, in grey levels of 0 ... 255")
print(f"  noisy                        {rms(noisy, clean)}")
print(f"  noisy, clipped to 0 ... 255  {rms(noisy.clip(0, 255), clean)}")
print(f"  cleaned                      {rms(cleaned, clean)}")
half = clean.copy()
half[:, 14:] = np.nan
rows = [
    ("image", clean),
    ("noisy", noisy),
    ("cleaned", cleaned),
    ("given half", half),
    ("one draw", drawn),
    ("mean of all", mean),
]
columns = 12
figure, axes = plt.subplots(len(rows), columns, figsize=(columns * 0.8, len(rows) * 0.86))
for line, (name, images) in zip(axes, rows, strict=True):
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axis, image in zip(line, images, strict=False):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.set_facecolor("#35507a")
        axis.set_xticks([]), axis.set_yticks([])
figure.subplots_adjust(left=0.13, right=0.995, top=0.995, bottom=0.005, wspace=0.05, hspace=0.05)
figure.savefig("inpainting.png", dpi=110)
