"""`images.py OUT.npy ROWS NOISE`: test images of Fashion-MNIST with Gaussian noise, in grey levels."""

import gzip
import sys
from pathlib import Path

import numpy as np

TEST = Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")


def test_images(rows: int) -> np.ndarray:
    with gzip.open(TEST) as file:
        values = np.frombuffer(file.read(16 + rows * 784), np.uint8, offset=16)
    return values.reshape(rows, 28, 28).astype(np.float32)


if __name__ == "__main__":
    out, rows, noise = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    clean = test_images(rows)
    noisy = clean + np.random.default_rng(1).normal(0, noise, clean.shape)
    np.save(out, noisy.astype(np.float32))
