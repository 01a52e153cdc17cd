"""`classify.py RUN.h5 ... --rows N`: a linear classifier on hidden features beside one on pixels, on the test set."""

import argparse
import gzip
import subprocess
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DATA = Path("/usr/share/datasets/fashion-mnist")


def read(name: str) -> np.ndarray:
    with gzip.open(DATA / f"{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=16 if "idx3" in name else 8)


def features(run: str, images: Path) -> np.ndarray:
    subprocess.run(["quartic", "transform", run, images, "-o", "features.npy", "--force", "--quiet"], check=True)
    return np.load("features.npy")


def accuracy(train: np.ndarray, labels: np.ndarray, test: np.ndarray, answers: np.ndarray) -> str:
    """On the test set, with its binomial error."""
    right = (
        make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        .fit(train, labels)
        .score(test, answers)
    )
    return f"{100 * right:.2f} +- {100 * np.sqrt(right * (1 - right) / len(answers)):.2f} %"


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("runs", nargs="+")
parser.add_argument("--rows", type=int, default=20000)
options = parser.parse_args()

labels, answers = read("train-labels-idx1")[: options.rows], read("t10k-labels-idx1")
pixels = {name: read(f"{name}-images-idx3").reshape(-1, 784) for name in ("train", "t10k")}
np.save("train.npy", pixels["train"][: options.rows])
print(f"{options.rows} rows to learn from, {len(answers)} to test")
scaled = {name: values / 127.5 - 1 for name, values in pixels.items()}
print("  pixels", accuracy(scaled["train"][: options.rows], labels, scaled["t10k"], answers))
for run in options.runs:
    train, test = features(run, Path("train.npy")), features(run, DATA / "t10k-images-idx3-ubyte.gz")
    print(f"  {run}", accuracy(train, labels, test, answers))
