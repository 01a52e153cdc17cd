"""Digits of 4 x 4 grey levels: those of scikit-learn, 8 x 8, four pixels made one, and noise of one level.

python make_data.py OUT.npy
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

random = np.random.default_rng(7)
digits = load_digits().images.reshape(-1, 4, 2, 4, 2).sum((2, 4))
np.save(sys.argv[1], random.permutation(digits + random.random(digits.shape)).astype(np.float32))
