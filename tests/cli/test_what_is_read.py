"""Inputs and outputs that meet: what is read is not overwritten, and `validate` knows what a run refuses."""

import os
import shutil

import h5py
import numpy as np
import pytest
from program import SMALL, needs_program, quartic, refused

pytestmark = needs_program


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.toml").write_text(SMALL)
    return tmp_path


def test_an_output_that_is_read_is_not_overwritten(here):
    """With --force, too: a run, its config, its data."""
    assert quartic("sample", "run.toml", "-o", "run.h5", "--quiet", cwd=here).returncode == 0
    np.save(here / "x.npy", np.random.default_rng(1).normal(0, 1, (40, 4)))
    (here / "fit.toml").write_text('[model]\nkind = "network"\nhidden_units = 2\n[data]\npath = "x.npy"\n')
    for words in (
        ("reweight", "run.h5", "--to", "nn=-1,phi2=1.5,phi4=0.2", "-o", "run.h5"),
        ("sample", "run.toml", "-o", "./run.toml"),
        ("fit", "fit.toml", "-o", "x.npy"),
        ("validate", "run.h5", "--effective", "--output", "run.h5"),
    ):
        read = here / words[-1]
        before = read.read_bytes()
        done = quartic(*words, "--force", cwd=here)
        assert done.returncode == 3 and "is what is read here, and would be lost" in done.stderr, done
        assert read.read_bytes() == before


@pytest.mark.parametrize(
    "setting",
    [
        "sample.until=nonsense",
        "sampler.hmc_steps=3 sampler.metropolis_hits=2",
        "action.a=-1e30",
        "output.file=.",
        f"output.file={'a' * 300}",
        'output.file="a\\u0000b"',
        "action.a=",
        'action.a=""',
        "graph.edges=[]",
        "sample.until=",
        'data.columns=""',
    ],
)
def test_validate_knows_what_a_sample_refuses(here, setting):
    """Names that the system has not, moves that exclude each other, couplings without digits, variables not set."""
    words = [word for one in setting.split() for word in ("--set", one)]
    said = quartic("validate", "run.toml", *words, cwd=here)
    assert said.returncode in (2, 3) and said.stderr.startswith("quartic: "), said
    done = quartic("sample", "run.toml", *words, cwd=here)
    assert (done.returncode, done.stderr) == (said.returncode, said.stderr)


def test_validate_knows_the_memory(here):
    words = ("run.toml", "--set", "sampler.chains=65536", "--set", "sample.draws=20", "--max-memory", 0.1)
    said = quartic("validate", *words, cwd=here)
    refused(said, 3, "of memory, there are 100.0 MB", here)
    assert quartic("sample", *words, cwd=here).stderr == said.stderr


def test_edges_are_a_regular_file(here):
    os.mkfifo(here / "pipe")
    for name in ("pipe", "/dev/zero"):
        (here / "run.toml").write_text(f'[graph]\nedges = "{name}"\n')
        refused(quartic("validate", "run.toml", cwd=here), 3, "it is no regular file", here, ("pipe", "run.toml"))


@pytest.mark.parametrize("edges", ['edges = "ring.txt"', "edges = [[0, 1], [1, 2]]", "sites = 3"])
@pytest.mark.parametrize("lattice", ['lattice = "square"', "extent = [4, 4]", 'boundary = "open"'])
def test_a_graph_is_a_lattice_or_edges(here, edges, lattice):
    (here / "ring.txt").write_text("0 1\n1 2\n2 0\n")
    (here / "both.toml").write_text(SMALL.replace("extent = [2, 2]", f"{lattice}\n{edges}"))
    said = f"both.toml: [graph] has '{edges.split()[0]}' and '{lattice.split()[0]}'"
    refused(quartic("sample", "both.toml", cwd=here), 3, said, here, ("run.toml", "ring.txt", "both.toml"))


def test_edges_take_the_place_of_a_lattice(here):
    """By a setting; the effective config, a config again, has one graph, and the run goes on."""
    (here / "ring.txt").write_text("0 1\n1 2\n2 0\n")
    done = quartic("sample", "run.toml", "--set", "graph.edges=ring.txt", "-o", "run.h5", "--quiet", cwd=here)
    assert done.returncode == 0, done.stderr
    effective = quartic("show", "run.h5", "--config", cwd=here).stdout
    assert "ring.txt" in effective and "lattice" not in effective and "extent" not in effective
    (here / "again.toml").write_text(effective)
    assert quartic("validate", "again.toml", "--effective", cwd=here).stdout == effective
    assert quartic("resume", "run.h5", "--draws", 15, "--quiet", cwd=here).returncode == 0


@pytest.mark.parametrize(
    "words", [("show", "run.h5"), ("diagnose", "run.h5"), ("graph", "run.toml"), ("data", "run.h5")]
)
def test_a_verb_that_prints_has_no_output_to_name(here, words):
    assert quartic("sample", "run.toml", "-o", "run.h5", "--quiet", cwd=here).returncode == 0
    done = quartic(*words, "-o", "new.txt", cwd=here)
    assert done.returncode == 2 and f"{words[0]} prints, and has no file for -o" in done.stderr, done
    assert f"quartic {words[0]} ... > FILE" in done.stderr and not (here / "new.txt").exists()


def test_a_checkpoint_whose_lists_are_empty_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(1).normal(0, 1, (60, 8)))
    (tmp_path / "run.toml").write_text(
        '[model]\nkind = "network"\nhidden_units = 3\n[data]\npath = "x.npy"\n[training]\nepochs = 20000\nbatch = 20\n'
    )
    done = quartic("fit", "run.toml", "-o", "run.h5", "--max-hours", 0.00003, "--quiet", cwd=tmp_path)
    assert done.returncode == 6, done.stderr
    for letter in "wrabsmn":
        for prefix in ("", "first_"):
            shutil.copy(tmp_path / "run.h5", tmp_path / "edited.h5")
            with h5py.File(tmp_path / "edited.h5", "r+") as file:
                del file[f"checkpoint/{prefix}{letter}"]
                file.create_dataset(f"checkpoint/{prefix}{letter}", shape=(0,), dtype="f8")
            done = quartic("resume", "edited.h5", "--max-hours", 0.00001, "--quiet", cwd=tmp_path)
            assert done.returncode == 3 and "checkpoint" in done.stderr, (prefix, letter, done)


def test_data_that_hdf5_would_make_up_or_walk_for_ever(tmp_path):
    with h5py.File(tmp_path / "made-up.h5", "w") as file:
        layout = h5py.VirtualLayout((3, 2), "f8")
        layout[:] = h5py.VirtualSource("nothere.h5", "x", (3, 2))
        file.create_virtual_dataset("x", layout)
    with h5py.File(tmp_path / "deep.h5", "w") as file:
        group = file
        for _ in range(500):
            group = group.create_group("g")
        group["x"] = np.ones((3, 2))
    (tmp_path / "beyond.csv").write_text("abc,1e400\n3,4\n5,6\n")
    for name, words in (
        ("made-up.h5", "takes values from 'x' in 'nothere.h5', which is not there"),
        ("deep.h5", "groups within groups, more than 100"),
        ("beyond.csv", "line 1"),
    ):
        done = quartic("data", name, cwd=tmp_path)
        assert done.returncode == 3 and words in done.stderr, done
