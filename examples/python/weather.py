"""A table to begin with (docs/a-first-hour.md): 500 days, as a spreadsheet would export them."""

from datetime import date, timedelta

import numpy as np

random, day = np.random.default_rng(1), np.arange(500)
temperature = 12 + 9 * np.sin(2 * np.pi * day / 365) + random.normal(0, 2, 500)
humidity = 80 - 1.2 * (temperature - 3) + random.normal(0, 6, 500)
wind = random.gamma(4, 1, 500)
print("date,station,temperature,humidity,wind")
for k, row in enumerate(np.stack([temperature, humidity, wind], axis=1)):
    print(date(2024, 1, 1) + timedelta(k), "Basel", *(f"{x:.1f}" for x in row), sep=",")
