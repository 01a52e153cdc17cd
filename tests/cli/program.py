"""The quartic program as the tests start it, and what they compare."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from children import default_signals

QUARTIC = os.environ.get("QUARTIC") or shutil.which(
    "quartic", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
)
A3 = """
[[target]]
term = "nn"
coupling = -1.0
[[target]]
term = "phi2"
coupling = 1.52425
[[target]]
term = "phi4"
coupling = 0.175
"""
SMALL = """[graph]
extent = [2, 2]
[action]
w = 0.3
a = 0.6
b = 0.2
[sampler]
chains = 16
[sample]
draws = 10
"""
NETWORK_CONFIG = """[model]
kind = "network"
visible = "quartic"
hidden = "binary"
hidden_units = 4
[data]
path = "x.npy"
held_out = 0.2
scaling = "standardise"
[training]
epochs = 20
batch = 100
rate = 0.02
[evaluation]
every = 10
"""

needs_program = pytest.mark.skipif(not QUARTIC, reason="the quartic program is not built")


def quartic(*arguments, cwd, **options):
    return subprocess.run(
        [QUARTIC, *map(str, arguments)],
        **{"cwd": cwd, "text": True, "capture_output": True, "timeout": 300, "check": False, **options},
    )


def ok(*arguments, cwd):
    done = quartic(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done


def fitted(folder, rows, config, *options):
    """Fits rows in x.npy by run.toml to run.h5; what it said."""
    np.save(folder / "x.npy", rows)
    (folder / "run.toml").write_text(config)
    done = quartic("fit", "run.toml", "-o", "run.h5", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def copied(made, here, config):
    """The rows of a fit, and a config, in a folder of their own."""
    shutil.copy(made / "x.npy", here)
    (here / "run.toml").write_text(config)
    return here


def two_waves(random, mix):
    """Rows of 12 values: so much of each wave, and noise."""
    waves = np.stack([np.sin(np.arange(12)), np.cos(0.7 * np.arange(12))])
    return 20 + 3 * (mix @ waves + random.normal(0, 0.4, (len(mix), 12)))


def refused(done, code, fragment, here, files=("run.toml",)):
    """One sentence, perhaps a hint, the exit code, and nothing written."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert lines[0].startswith("quartic: ") and fragment in lines[0], done.stderr
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("  hint: ")), done.stderr
    assert done.stdout == ""
    assert sorted(p.name for p in here.iterdir()) == sorted(files)


def contents(path):
    """All numbers of a run file but where, when and by which config it was made."""
    h5py = pytest.importorskip("h5py")
    found = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]
        else:
            found.update({f"{name}@{key}": value for key, value in item.attrs.items() if key != "pass_seconds"})

    with h5py.File(path) as file:
        file.visititems(add)
    return {name: value for name, value in found.items() if not name.startswith(("config", "provenance"))}


def same_bits(one, other):
    first, second = contents(one), contents(other)
    assert first.keys() == second.keys()
    for name in first:
        a, b = np.asarray(first[name]), np.asarray(second[name])
        assert a.dtype == b.dtype and a.shape == b.shape, name
        assert (a.dtype == object and (a == b).all()) or a.tobytes() == b.tobytes(), name


def started(here, unit, *arguments):
    """A long run that has begun its epochs or draws. However slow the reader is, it does not end before: it waits
    where the pipe, a small one, is full."""
    process = subprocess.Popen(
        [QUARTIC, *arguments, "--json"],
        cwd=here, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=4096,
        preexec_fn=default_signals,
    )  # fmt: skip
    for line in process.stdout:
        if json.loads(line)["event"] == unit:
            return process
    pytest.fail(process.stderr.read())


def stopped(here, unit, *arguments):
    """A long run that Ctrl-C has ended, and what it said to that."""
    process = started(here, unit, *arguments)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 6, errors
    return errors
