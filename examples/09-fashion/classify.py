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


def answered(train: np.ndarray, labels: np.ndarray, test: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Whether each row of the test set is told rightly."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    return classifier.fit(train, labels).predict(test) == answers


def percent(values: np.ndarray) -> str:
    return f"{100 * values.mean():.2f} +- {100 * values.std(ddof=1) / np.sqrt(len(values)):.2f} %"


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("runs", nargs="+")
parser.add_argument("--rows", type=int, default=20000)
options = parser.parse_args()

labels, answers = read("train-labels-idx1")[: options.rows], read("t10k-labels-idx1")
pixels = {name: read(f"{name}-images-idx3").reshape(-1, 784) for name in ("train", "t10k")}
np.save("train.npy", pixels["train"][: options.rows])
print(f"{options.rows} rows to learn from, {len(answers)} to test")
scaled = {name: values / 127.5 - 1 for name, values in pixels.items()}
by_pixels = answered(scaled["train"][: options.rows], labels, scaled["t10k"], answers)
print("  pixels", percent(by_pixels))
for run in options.runs:
    train, test = features(run, Path("train.npy")), features(run, DATA / "t10k-images-idx3-ubyte.gz")
    right = answered(train, labels, test, answers)
    print(f"  {run} {percent(right)}, beyond pixels on the same images {percent(right.astype(float) - by_pixels)}")
