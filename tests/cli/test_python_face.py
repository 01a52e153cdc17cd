"""Python and the command line are two faces of one thing: the same bits; each goes on with the other's runs."""

import shutil
import warnings

import numpy as np
import pytest
from program import NETWORK_CONFIG, needs_program, quartic, same_bits

import quartic as package

pytestmark = needs_program

LATTICE = "[graph]\nextent = [4, 4]\n[sampler]\nchains = 64\n"
TARGET = "".join(
    f'[[target]]\nterm = "{term}"\ncoupling = {g}\n'
    for term, g in (("nn", -1.0), ("nnn", -0.2), ("phi2", 1.5), ("phi4", 0.2))
)
CONFIGS = {
    "sample": LATTICE + "[action]\nw = 0.4\na = 1.0\nb = 0.2\n[sample]\ndraws = 60\n",
    "learn": LATTICE + "[learn]\nepochs = 6\nstop_early = false\n[certificate]\nchains = 64\n" + TARGET,
    "fit": LATTICE
    + '[data]\npath = "x.npy"\nscaling = "standardise"\n[fit]\nepochs = 6\nstop_early = false\n'
    + "[evaluation]\nchains = 64\n",
    "network": NETWORK_CONFIG.replace("epochs = 20", "epochs = 6").replace("every = 10", "every = 3"),
}


@pytest.fixture
def here(tmp_path):
    random = np.random.default_rng(0)
    for kind, config in CONFIGS.items():
        (tmp_path / f"{kind}.toml").write_text(config)
    np.save(tmp_path / "x.npy", (random.normal(size=(500, 1)) + random.normal(size=(500, 16))).astype("f4"))
    return tmp_path


def verb_of(kind):
    return "fit" if kind == "network" else kind


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_same_config_gives_the_same_bits(here, kind):
    done = quartic(verb_of(kind), f"{kind}.toml", "-o", "line.h5", cwd=here)
    assert done.returncode == 0, done.stderr
    run = package.run(here / f"{kind}.toml", path=here / "python.h5")
    assert run.kind == ("network" if kind == "network" else kind)
    same_bits(here / "line.h5", here / "python.h5")


@pytest.mark.parametrize("kind", CONFIGS)
def test_each_goes_on_with_the_others_run(here, kind):
    limit = {"sample": ("--draws", 90)}.get(kind, ("--epochs", 9))
    assert quartic(verb_of(kind), f"{kind}.toml", "-o", "line.h5", cwd=here).returncode == 0
    shutil.copy(here / "line.h5", here / "python.h5")
    done = quartic("resume", "line.h5", *limit, cwd=here)
    assert done.returncode == 0, done.stderr
    package.resume(here / "python.h5", **{limit[0][2:]: limit[1]})
    same_bits(here / "line.h5", here / "python.h5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stopped on purpose
        stopped = package.run(here / f"{kind}.toml", path=here / "stopped.h5", callback=lambda row: True)
    assert not stopped.finished
    done = quartic("resume", "stopped.h5", cwd=here)
    assert done.returncode == 0, done.stderr
    assert quartic("resume", "stopped.h5", *limit, cwd=here).returncode == 0
    same_bits(here / "line.h5", here / "stopped.h5")


def test_reweighting_gives_the_same_bits(here):
    run = package.run(here / "sample.toml", path=here / "run.h5")
    to = "nn=-0.4,phi2=1.0+0.1i,phi4=0.2"
    done = quartic("reweight", run.path, "--to", to, "--observables", "m2,phi2", "-o", "line.h5", cwd=here)
    assert done.returncode == 0, done.stderr
    package.reweight(
        run, {"nn": -0.4, "phi2": 1.0 + 0.1j, "phi4": 0.2}, observables=["m2", "phi2"], path=here / "python.h5"
    )
    same_bits(here / "line.h5", here / "python.h5")


def test_keywords_are_the_keys_of_the_config(here):
    run = package.run(here / "sample.toml")
    action = package.Action(package.lattice("square", 4), w=0.4, a=1.0, b=0.2)
    package.sample(action, chains=64, draws=60, random_state=1, path=here / "own.h5")
    run.save(here / "config.h5")
    same_bits(here / "config.h5", here / "own.h5")
    package.learn({"nn": -1, "nnn": -0.2, "phi2": 1.5, "phi4": 0.2}, action.graph, chains=64, epochs=6, random_state=1,
                  settings={"learn.stop_early": False, "certificate.chains": 64}, path=here / "learned.h5")  # fmt: skip
    package.run(here / "learn.toml", path=here / "toml.h5")
    same_bits(here / "learned.h5", here / "toml.h5")


def test_the_command_line_says_that_functions_are_pythons(here):
    action = package.Action(package.lattice("square", 4), w=0.4, a=1.0, b=0.2)
    package.sample(action, chains=16, draws=8, observables={"mine": lambda phi: phi[:, 0, 0]}, path=here / "own.h5")
    done = quartic("resume", "own.h5", "--draws", 20, cwd=here)
    assert done.returncode == 3 and "'mine'" in done.stderr and "quartic.resume" in done.stderr
    package.learn(lambda phi: (phi**2).sum((1, 2)), action.graph, chains=256, path=here / "f.h5", certificate=False,
                  random_state=1)  # fmt: skip
    done = quartic("resume", "f.h5", "--epochs", 50, cwd=here)
    assert done.returncode == 3 and "quartic.resume" in done.stderr
    assert quartic("show", "f.h5", cwd=here).returncode == 0
