"""What the program writes, against docs/run-file-layout.json and against what reads it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import quartic
from quartic import run as run_file

ROOT = Path(__file__).parents[2]
PROGRAM = shutil.which("quartic", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="the quartic program is not built")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.h5"
    config = ROOT / "examples/02-longer-range/run.toml"
    subprocess.run([PROGRAM, "learn", config, "-o", path, "--quiet", "--set", "learn.epochs=3"], check=True)
    return path


def test_layout_is_the_documented_one(path):
    layout = json.loads((ROOT / "docs/run-file-layout.json").read_text())
    entries = [entry for entry in layout["entries"] if "learn" in entry["kinds"]]
    with h5py.File(path) as file:
        for entry in entries:
            group, _, attribute = entry["path"].partition("@")
            assert group in file, entry["path"]
            if attribute:
                assert attribute in file[group].attrs, entry["path"]
            else:
                assert file[group].ndim == len(entry["dims"]), entry["path"]
        written = set()
        file.visititems(lambda name, item: written.add(name) if isinstance(item, h5py.Dataset) else None)
        documented = {entry["path"] for entry in entries}
        scales = {
            f"{p.rsplit('/', 1)[0]}/{d}" for p in documented if "/" in p for e in entries for d in e["dims"] or ()
        }
        assert written <= documented | scales


def test_reader_and_program_agree(path):
    run = run_file.read(path)
    assert np.array_equal(run.history["theta"][-1, run.kinds["w"]], run.model.w)
    assert set(run.results) >= {"free_energy", "gap", "half_variance", "weight_ess"}
    graph = quartic.lattice(run.model.lattice, run.model.extent, periodic=list(run.model.periodic))
    assert np.array_equal(graph.edges, run.model.edges)
    action = quartic.Action(graph, w=run.model.w, r=run.model.r, a=run.model.a, b=run.model.b)
    np.testing.assert_allclose(action(run.phi()), run.action, rtol=1e-4, atol=1e-3)


def test_xarray_opens_it(path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    with xarray.open_dataset(path, group="posterior", engine="h5netcdf") as fields:
        assert fields["phi"].dims == ("chain", "draw", "site")
