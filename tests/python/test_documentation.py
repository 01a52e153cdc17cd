"""README, docs/python.md and the examples of docstrings do what they say; types hold for a user's script."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import quartic

ROOT = Path(__file__).parents[2]


def numbers(text):
    """Those with errors, 0.482(5), as pairs."""
    found = re.findall(r"(-?\d+(?:\.(\d+))?)\((\d+)\)", text)
    return [(float(value), float(error) / 10 ** len(digits)) for value, digits, error in found]


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/python.md", "docs/a-first-hour.md"])
def test_the_page_runs(page, tmp_path, monkeypatch, capsys):
    """And prints the numbers that the comments behind its prints promise."""
    monkeypatch.chdir(tmp_path)
    if "weather.csv" in (ROOT / page).read_text():
        with open("weather.csv", "w") as file:
            subprocess.run([sys.executable, ROOT / "examples/python/weather.py"], stdout=file, check=True)
    scope = {}
    for block in re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL):
        capsys.readouterr()
        exec(compile(block, page, "exec"), scope)
        printed = numbers(capsys.readouterr().out)
        promised = numbers("\n".join(re.findall(r"^print.*?  # (.*)", block, re.MULTILINE)))
        for (value, error), (found, found_error) in zip(promised, printed, strict=False):
            assert abs(value - found) < 6 * (error**2 + found_error**2) ** 0.5, (block, printed)
            assert found_error / 2 < error < 2 * found_error, (block, printed)


@pytest.mark.parametrize("name", [n for n in quartic.__all__ if ">>>" in (getattr(quartic, n).__doc__ or "")])
def test_docstring_examples(name):
    documented = getattr(quartic, name)
    test = doctest.DocTestParser().get_doctest(documented.__doc__, {}, name, None, 0)
    said = []
    doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)


def test_whatever_is_public_is_documented():
    bare = [name for name in quartic.__all__ if not (getattr(quartic, name).__doc__ or "").strip()]
    assert not bare


USER = """
import numpy as np
import quartic

S: quartic.Action = quartic.Action(quartic.lattice("square", 4), w=1.0, a=1.5, b=0.2)
result = quartic.sample(S, draws=10, observables={"mine": lambda phi: phi[:, 0, 0]}, random_state=1)
value: float = result["m2"].value
phi: np.ndarray = result.phi
fit = quartic.learn({"nn": -1.0, "phi4": 1.0}, S.graph)
w: np.ndarray = fit.action.w
ok: bool = quartic.free_energy(S).ok
for field in quartic.Sampler(S, 16).draws(2):
    field.mean()
quartic.reweight(result, {"phi4": 1.0})["m2"]
"""


def test_the_package_is_typed():
    pytest.importorskip("mypy")
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run([ROOT / "tools/types"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "no issues" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_a_users_script_is_strictly_typed(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(USER)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "user.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    (tmp_path / "user.py").write_text(USER + "quartic.sample(3)\n")
    assert "arg-type" in subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "user.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout  # fmt: skip
