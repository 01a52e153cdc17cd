"""The quartic program as a user meets it: exit codes, one sentence an error, nothing written; restart to the bit."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from program import A3, QUARTIC, contents, needs_program, quartic, refused, same_bits, started, stopped

pytestmark = needs_program

SMALL = "[graph]\nextent = [3, 3]\n[sampler]\nchains = 32\n[certificate]\nchains = 64\nsteps = 20\ndraws = 4\n"
# Long enough to be interrupted, and never done before its last epoch.
STEADY = '[learn]\noptimiser = "gradient"\nstop_early = false\nepochs = 400\n'


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.toml").write_text(SMALL + A3)
    return tmp_path


BAD = [
    ("[learn]\nepoch = 3\n" + A3, "run.toml:2: unknown key 'epoch' in [learn]; did you mean 'epochs'?"),
    ("[action]\nb = -0.1\n" + A3, "run.toml:2: 'b' must be a number >= 0"),
    ("[learn]\nregularisation = 0.1\n" + A3, "run.toml:2: 'regularisation' in [learn] was renamed to 'ridge'"),
    ("[action]\nb = 0\na = -1\n" + A3, "not positive definite"),
    ("[graph]\nlattice = 'complete'\nextent = [6]\nboundary = 'open'\n" + A3, "complete"),
    ("[graph]\nlattice = 'complete'\nextent = [6]\n[[target]]\nterm = 'nnn'\n", "no"),
    ("[graph]\nlattice = 'chain'\nextent = [8]\n[[target]]\nterm = 'plaquette'\n", "no"),
    ("[sampler]\nchains = 16\n[learn]\ndraws = 2\n" + A3, "too few"),
    ("[graph]\nedges = 'none.txt'\n" + A3, "none.txt"),
    ("[[target]]\nterm = 'nn'\ncoupling = [1.0, 0.5]\n", "term 1 is complex, 1+0.5i"),
    ("[action]\nw.freedom = 'frozen'\na.freedom = 'frozen'\nb.freedom = 'frozen'\n" + A3, "frozen"),
    ('[learn]\noptimiser = "adam"\nsolver = "local"\n' + A3, 'play no part in optimiser = "adam"'),
    ('[learn]\nsolver = "dense"\nradius = 2\n' + A3, 'plays no part in solver = "dense"'),
    ("[learn\n", "run.toml:1"),
    ("\x00\x01\xff", "run.toml"),
]


@pytest.mark.parametrize("verb", ["learn", "validate"])
@pytest.mark.parametrize(("text", "fragment"), BAD)
def test_bad_config(here, verb, text, fragment):
    (here / "run.toml").write_text(text)
    refused(quartic(verb, "run.toml", cwd=here), 3, fragment, here)


def test_former_names_come_with_the_line_to_write(here):
    done = quartic("learn", "run.toml", "--set", "learn.regularisation=0.1", cwd=here)
    refused(done, 3, "--set learn.regularisation=0.1: 'regularisation' in [learn] was renamed to 'ridge'", here)
    assert "hint: write --set learn.ridge=0.1" in done.stderr


def test_reference_is_the_page(tmp_path):
    page = Path(__file__).parents[2] / "docs/config.md"
    assert quartic("validate", "--reference", cwd=tmp_path).stdout == page.read_text()


def test_learn_needs_a_target(here):
    (here / "run.toml").write_text("[run]\n")
    refused(quartic("learn", "run.toml", cwd=here), 3, "no target", here)
    assert "none: this can be sampled" in quartic("validate", "run.toml", cwd=here).stdout


def test_bad_command_lines(here):
    for arguments in (
        ["lern", "run.toml"],
        ["learn"],
        ["learn", "run.toml", "--epoch", "3"],
        [],
        ["learn", "run.toml", "--seed", "x"],
    ):
        refused(quartic(*arguments, cwd=here), 2, "", here)
    refused(quartic("learn", "run.toml", "--set", "epochs=3", cwd=here), 2, "section.key=value", here)
    refused(quartic("learn", "run.toml", "--set", "learn.epoch=3", cwd=here), 3, "did you mean 'epochs'?", here)


def test_missing_and_unwritable(here):
    refused(quartic("learn", "no.toml", cwd=here), 3, "no.toml", here)
    refused(quartic("learn", "run.toml", "-o", "no/run.h5", cwd=here), 3, "no directory", here)
    refused(quartic("show", "no.h5", cwd=here), 3, "no.h5", here)
    refused(quartic("show", "run.toml", cwd=here), 3, "not HDF5", here)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_directory(here):
    folder = here / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    refused(
        quartic("learn", "run.toml", "-o", "locked/run.h5", cwd=here), 3, "not writable", here, ("run.toml", "locked")
    )


def test_existing_output_is_kept(here):
    (here / "run.h5").write_text("precious")
    refused(quartic("learn", "run.toml", cwd=here), 3, "exists already", here, ("run.toml", "run.h5"))
    assert (here / "run.h5").read_text() == "precious"
    assert quartic("learn", "run.toml", "--force", "--quiet", cwd=here).returncode == 0
    assert (here / "run.h5").read_bytes().startswith(b"\x89HDF")


def test_version_and_help(here):
    done = quartic("--version", cwd=here)
    assert done.returncode == 0 and done.stdout.startswith("quartic ")
    assert "learn" in quartic("--help", cwd=here).stdout


def test_validate_says_what_is_sampled(here):
    (here / "s.toml").write_text("[graph]\nextent = [4, 4]\n[action]\nkappa = 1\nmu2 = -1.2\nlambda = 1\n")
    assert "action      w 1, a 1.4, b 0.25\n" in quartic("validate", "s.toml", cwd=here).stdout
    done = quartic("validate", "s.toml", "--set", "action.a=[1.5, 2]", cwd=here)
    assert re.search(r"action      w 1, a 1\.\d+ to 1\.\d+, b 0\.25\n", done.stdout)


SAMPLED = "[graph]\nextent = [4, 4]\n[action]\nkappa = 1\nmu2 = -1\nlambda = 1\n[sampler]\nchains = 64\n"


def test_validate_says_that_a_sample_with_a_target_is_for_reweighting(here):
    (here / "s.toml").write_text(SAMPLED + "[sample]\ndraws = 20\n" + A3)
    said = quartic("validate", "s.toml", cwd=here).stdout
    assert "learning" not in said and "20 draws each" in said and "A = -1 nn" in said and "`quartic reweight`" in said
    learned = quartic("validate", "s.toml", "--set", "learn.epochs=3", cwd=here).stdout
    assert "at most 3 epochs" in learned
    (here / "s.toml").write_text((here / "s.toml").read_text().replace("1.52425", "[1.52425, 0.1]"))
    assert "(1.52425+0.1i) phi2" in quartic("validate", "s.toml", cwd=here).stdout


@pytest.mark.parametrize("draws", [100, 3000])
def test_validate_knows_the_size_of_a_sample(here, draws):
    """Its fields, and the series of every observable, in the file and in memory."""
    (here / "s.toml").write_text(SAMPLED + f"[sample]\ndraws = {draws}\nwarm_up = 10\n")
    found = json.loads(quartic("validate", "s.toml", "--json", cwd=here).stdout)
    assert quartic("sample", "s.toml", "--quiet", cwd=here).returncode == 0
    size = (here / "s.h5").stat().st_size
    assert 0.8 * size < found["file_bytes"] < 1.2 * size and found["memory_bytes"] > found["file_bytes"]
    assert "s.h5, about " in quartic("validate", "s.toml", cwd=here).stdout


def test_a_key_of_another_section_is_found_there(here):
    done = quartic("validate", "run.toml", "--set", "sampler.draws=20", cwd=here)
    assert done.returncode == 3 and "unknown key 'draws' in [sampler]; a key of" in done.stderr
    assert "[sample]" in done.stderr and "[output]" in done.stderr
    assert "did you mean 'chains'?" in quartic("validate", "run.toml", "--set", "sampler.chain=20", cwd=here).stderr


def test_checks_stand_in_columns(here):
    """However long their names are."""
    assert quartic("learn", "run.toml", "--quiet", cwd=here).returncode == 0
    lines = quartic("diagnose", "run.h5", cwd=here).stdout.splitlines()
    column = lines[0].index("verdict")
    checks = [line for line in lines[1:] if line[column:] in ("ok", "FAILED")]
    assert len(checks) > 8 and all(line[column - 2 : column] == "  " for line in checks)
    assert f"{len(checks)} checks passed" in lines[-1]


def test_validate(here):
    done = quartic("validate", "run.toml", "--json", cwd=here)
    assert json.loads(done.stdout)["parameters"] == 36
    effective = quartic("validate", "run.toml", "--effective", cwd=here).stdout
    (here / "effective.toml").write_text(effective)
    assert quartic("validate", "effective.toml", "--effective", cwd=here).stdout == effective


@pytest.mark.parametrize("side", [8, 32])
def test_validate_knows_what_learning_takes(here, side):
    """Within a factor, of dense and of local couplings: it was .4 of what patches took."""
    more = ["--set", f"graph.extent=[{side}, {side}]", "--set", "learn.epochs=2", "--set", "sampler.chains=512"]
    said = json.loads(quartic("validate", "run.toml", *more, "--json", cwd=here).stdout)
    # A process of its own to count in: a child's memory begins with its parent's.
    count = "import resource, subprocess, sys; subprocess.run(sys.argv[1:])\n"
    count += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
    learn = [QUARTIC, "learn", "run.toml", *more, "--quiet"]
    taken = subprocess.run([sys.executable, "-c", count, *learn], cwd=here, capture_output=True, text=True, check=True)
    assert (here / "run.h5").exists()
    assert 0.5 < said["memory_bytes"] / int(taken.stdout) < 2
    assert said["seconds_for_ten_epochs"] >= said["seconds_at_most"]  # of two


def test_quiet_is_quiet(here):
    done = quartic("learn", "run.toml", "--quiet", cwd=here)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_learn_and_show(here):
    done = quartic("learn", "run.toml", "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    summary = events[-1]
    assert summary["event"] == "summary" and summary["converged"]
    assert summary["couplings"]["w"]["max_deviation"] < 1e-4
    assert json.loads(quartic("show", "run.h5", "--json", cwd=here).stdout)["couplings"] == summary["couplings"]
    text = quartic("show", "run.h5", cwd=here).stdout
    assert "converged" in text and "F_A" in text
    # A run file can be given wherever a config can.
    assert quartic("validate", "run.h5", cwd=here).returncode == 0
    assert quartic("learn", "run.h5", "-o", "again.h5", "--quiet", cwd=here).returncode == 0
    same_bits(here / "run.h5", here / "again.h5")


def test_threads_do_not_change_bits(here):
    for threads in (1, 2):
        assert (
            quartic("learn", "run.toml", "--quiet", "--threads", threads, "-o", f"{threads}.h5", cwd=here).returncode
            == 0
        )
    same_bits(here / "1.h5", here / "2.h5")
    assert quartic("learn", "run.toml", "--quiet", "--seed", 2, "-o", "other.h5", cwd=here).returncode == 0
    one, other = contents(here / "1.h5"), contents(here / "other.h5")
    assert (one["posterior/phi"] != other["posterior/phi"]).any()


@pytest.mark.parametrize("optimiser", ["gradient", "adam", "natural"])
def test_signal_saves_and_resume_gives_the_same_bits(here, optimiser):
    (here / "run.toml").write_text(SMALL + STEADY.replace("gradient", optimiser) + A3)
    assert "quartic resume stopped.h5" in stopped(here, "epoch", "learn", "run.toml", "-o", "stopped.h5")
    done = quartic("resume", "stopped.h5", "--quiet", cwd=here)
    assert done.returncode == 0, done.stderr
    assert quartic("learn", "run.toml", "--quiet", "-o", "whole.h5", cwd=here).returncode == 0
    same_bits(here / "stopped.h5", here / "whole.h5")


@pytest.mark.parametrize("delay", [0.1, 0.3])
def test_ctrl_c_within_an_epoch_keeps_those_before(here, delay):
    """Epochs of half a second, in patches: what stops one also stopped the way back to its beginning, and nothing was
    saved but the start, whatever was said."""
    free = "[graph]\nextent = [24, 24]\n[sampler]\nchains = 256\n[certificate]\nenabled = false\n[learn]\nepochs = 60\n"
    (here / "run.toml").write_text(free + A3 + '[[target]]\nterm = "nnn"\ncoupling = -0.25\n')
    process = started(here, "epoch", "learn", "run.toml", "-o", "stopped.h5")
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 6, said
    epoch = int(re.search(r"after epoch (\d+) and saved", said)[1])
    saved = contents(here / "stopped.h5")
    assert len(saved["history/epoch"]) == epoch + 1 and np.any(saved["model/w_error"])


def test_killed_and_resumed_gives_the_same_bits(here):
    (here / "run.toml").write_text(SMALL + STEADY + A3)
    process = started(here, "epoch", "learn", "run.toml", "-o", "killed.h5")
    time.sleep(0.2)
    process.kill()
    process.communicate()
    assert quartic("resume", "killed.h5", "--quiet", cwd=here).returncode == 0
    assert quartic("learn", "run.toml", "--quiet", "-o", "whole.h5", cwd=here).returncode == 0
    same_bits(here / "killed.h5", here / "whole.h5")


def test_extended_equals_a_longer_run(here):
    short = STEADY.replace("400", "10")
    (here / "run.toml").write_text(SMALL + short + A3)
    assert quartic("learn", "run.toml", "--quiet", "-o", "extended.h5", cwd=here).returncode == 0
    assert quartic("resume", "extended.h5", "--epochs", 10, cwd=here).returncode == 3
    assert quartic("resume", "extended.h5", "--epochs", 25, "--quiet", cwd=here).returncode == 0
    assert (
        quartic("learn", "run.toml", "--set", "learn.epochs=25", "--quiet", "-o", "whole.h5", cwd=here).returncode == 0
    )
    same_bits(here / "extended.h5", here / "whole.h5")


def test_max_hours_saves(here):
    (here / "run.toml").write_text(SMALL + STEADY + A3)
    done = quartic("learn", "run.toml", "--max-hours", 1e-9, cwd=here)
    assert done.returncode == 6 and "quartic resume run.h5" in done.stderr
    assert "begins this phase anew" in done.stderr  # a certificate longer than --max-hours never ends


def test_graph(here):
    done = quartic("graph", "--lattice", "king", "--extent", 5, 5, "--json", "--w", 1, "--a", 4, "--b", 0.3, cwd=here)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["nodes"] == 25 and found["cliques_by_size"] == {"4": 25}
    assert found["factorisation"]["holds"] and found["markov"]["holds"]
    assert "square 3x3 periodic" in quartic("graph", "run.toml", cwd=here).stdout
    (here / "edges.txt").write_text("0 1\n1 2\n0 2\n2 3\n")
    done = quartic("graph", "--edges", "edges.txt", "--all", cwd=here)
    assert "{0, 1, 2}" in done.stdout and "{2, 3}" in done.stdout
    refused(
        quartic("graph", "--lattice", "sqare", "--extent", 4, 4, cwd=here), 3, "sqare", here, ("run.toml", "edges.txt")
    )


def test_free_energy(here):
    table = quartic("free-energy", "run.toml", "--to-target", "--set", "sampler.chains=256", cwd=here)
    assert table.returncode == 0, table.stderr
    for word in ("F = -ln Z of the target A", "work", "upper bound", "integration", "combined"):
        assert word in table.stdout
    done = quartic("free-energy", "run.toml", "--to-target", "--set", "sampler.chains=256", "--json", cwd=here)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["ok"], result["reason"]
    exact = -4.95792753304  # tests/reference/exact.json, 3x3
    for route in (result["work"], result["integration"]):
        assert route["free_energy"]["error"] <= 0.01
        assert abs(route["free_energy"]["value"] - exact) < 4 * route["free_energy"]["error"]
    (here / "run.toml").write_text(SMALL + A3 + "[[target]]\nterm = 'phi6'\ncoupling = 0.1\n")
    refused(quartic("free-energy", "run.toml", "--to-target", cwd=here), 3, "this target is no action", here)


def test_plot_without_python_package(here):
    assert quartic("learn", "run.toml", "--quiet", cwd=here).returncode == 0
    bare = here / "bin"
    bare.mkdir()
    (bare / "python3").write_text(f'#!/bin/sh\nexec {sys.base_prefix}/bin/python3 -S "$@"\n')
    (bare / "python3").chmod(0o755)
    program = shutil.copy(QUARTIC, bare / "quartic")
    done = subprocess.run([program, "plot", "run.h5"], cwd=here, text=True, capture_output=True, check=False)
    assert done.returncode == 3 and "the Python package quartic with matplotlib" in done.stderr


def test_plot_without_matplotlib(here):
    assert quartic("learn", "run.toml", "--quiet", cwd=here).returncode == 0
    bare = here / "bin"
    bare.mkdir()
    (bare / "matplotlib.py").write_text("raise ImportError")
    (bare / "python3").write_text(f'#!/bin/sh\nPYTHONPATH={bare} exec {sys.executable} "$@"\n')
    (bare / "python3").chmod(0o755)
    program = shutil.copy(QUARTIC, bare / "quartic")
    done = subprocess.run([program, "plot", "run.h5"], cwd=here, text=True, capture_output=True, check=False)
    assert done.returncode == 3 and f"{bare}/python3 -m pip install" in done.stderr


def test_xarray_and_arviz_open_it(here):
    xarray, _ = pytest.importorskip("xarray"), pytest.importorskip("h5netcdf")
    assert quartic("learn", "run.toml", "--quiet", cwd=here).returncode == 0
    for group in ("posterior", "sample_stats", "model", "history", "results", "provenance", "checkpoint", "/"):
        with xarray.open_dataset(here / "run.h5", group=group, engine="h5netcdf") as data:
            if group == "posterior":
                assert data.phi.dims == ("chain", "draw", "site") and data.phi.shape == (32, 4, 9)
            if group == "history":
                assert data.theta.dims == ("epoch", "parameter") and "b[0]" in data.parameter.values
    arviz = pytest.importorskip("arviz")
    inference = arviz.from_netcdf(str(here / "run.h5"), engine="h5netcdf")
    assert inference.posterior.phi.shape == (32, 4, 9) and "lp" in inference.sample_stats
