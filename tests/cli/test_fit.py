"""quartic fit, its run files and quartic generate as a user meets them."""

import json
import subprocess
import sys

import numpy as np
import pytest
from program import QUARTIC, copied, fitted, needs_program, quartic, refused, same_bits, stopped

from quartic import FieldResult
from quartic import open as open_run

pytestmark = needs_program

CONFIG = """[graph]
extent = [3, 3]
[action]
r.freedom = "free"
[data]
path = "x.npy"
held_out = 0.2
[sampler]
chains = 64
[evaluation]
chains = 64
draws = 8
error = 0.05
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Rows with correlated neighbours and a mean, and the fit to them."""
    folder = tmp_path_factory.mktemp("fit")
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.6, (4000, 3, 3))
    rows = 10 + 2 * (0.3 + noise + 0.3 * np.roll(noise, 1, 1) + 0.3 * np.roll(noise, 1, 2))
    text = fitted(folder, rows, CONFIG.replace("held_out = 0.2", "held_out = 0.2\nscaling = 'standardise'"))
    return folder, rows, text


@pytest.fixture
def here(made, tmp_path):
    return copied(made[0], tmp_path, CONFIG.replace("held_out = 0.2", "scaling = 'standardise'"))


def test_summary_and_show(made):
    folder, _, text = made
    assert "score matching" in text and "converged" in text and "held-out data" in text
    shown = quartic("show", "run.h5", cwd=folder).stdout
    assert text.startswith(shown)
    summary = json.loads(quartic("show", "run.h5", "--json", cwd=folder).stdout)
    judged = summary["evaluation"]
    assert judged["ok"] and summary["rows"] == 3200 and summary["held_out"] == 800
    assert judged["data"]["log_likelihood"]["error"] > 0
    assert judged["held_out"]["chi2"] < 3


def test_diagnose_and_plot(made):
    folder, _, _ = made
    done = quartic("diagnose", "run.h5", "--strict", cwd=folder)
    assert done.returncode == 0, done.stdout
    done = quartic("plot", "run.h5", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (folder / "run-figures").iterdir()} == {
        "summary.png", "samples.png", "histograms.png", "moments.png", "maps.png"
    }  # fmt: skip
    done = quartic("plot", "run.h5", "-o", "summary.pdf", cwd=folder)
    assert done.returncode == 3 and "-o summary --format pdf" in done.stderr
    assert not (folder / "summary.pdf").exists()


def test_generate_gives_the_units_of_the_data(made):
    folder, rows, _ = made
    done = quartic("generate", "run.h5", "--rows", "2000", "-o", "new.npy", cwd=folder)
    assert done.returncode == 0, done.stderr
    new = np.load(folder / "new.npy")
    assert new.shape == (2000, 3, 3) and new.dtype == np.float32
    error = rows.std(0) / np.sqrt(2000) * 1.3
    assert (abs(new.mean(0) - rows.mean(0)) < 5 * error).all()
    assert np.allclose(new.std(0), rows.std(0), rtol=0.12)
    neighbours = [np.corrcoef(x[:, 0, 0], x[:, 1, 0])[0, 1] for x in (new, rows)]
    assert abs(neighbours[0] - neighbours[1]) < 0.12
    again = quartic("generate", "run.h5", "--rows", "2000", "-o", "again.npy", "--quiet", cwd=folder)
    assert again.returncode == 0 and (folder / "again.npy").read_bytes() == (folder / "new.npy").read_bytes()
    files = [p.name for p in folder.iterdir()]
    refused(quartic("generate", "run.h5", "-o", "new.npy", cwd=folder), 3, "exists", folder, files)


def test_other_verbs_take_it(made):
    folder, _, _ = made
    done = quartic("sample", "run.h5", "-o", "s.h5", "--set", "sample.draws=60", "--quiet", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = quartic("reweight", "run.h5", "--to", "nn=-0.1,phi2=0.6", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert quartic("fit", "run.h5", "-o", "f.h5", "--quiet", "--set", "fit.epochs=1", cwd=folder).returncode == 0
    assert quartic("validate", "run.toml", cwd=folder).returncode == 0


def test_reader(made):
    folder, rows, _ = made
    run = open_run(folder / "run.h5")
    assert isinstance(run, FieldResult) and run.row_shape == (3, 3)
    assert np.array_equal(run.theta[run.kinds["r"]], run.action.r)
    assert np.isfinite(run.theta_error).all() and (run.theta_error > 0).all()
    assert np.array_equal(run.theta_error[run.kinds["w"]], run.errors["w"])
    assert run.to_data(run.examples).mean() == pytest.approx(rows.mean(), abs=0.1)
    assert run.to_data(run.phi).mean() == pytest.approx(rows.mean(), abs=0.1)
    assert run.to_data(run.phi).shape == run.phi.shape == (64, 8, 3, 3)
    # A scale and an offset a column: a field gives the same as its row of the data.
    field = run.phi[:2, 0]
    assert np.array_equal(run.to_data(field).reshape(2, 9), run.to_data(field.reshape(2, 9)))
    snapshots = run.history["snapshot"].values
    assert set(snapshots) >= {0, 1} and run.history["phi"].shape == (len(snapshots), 8, 9)
    assert len(run.data["results/moment_z"]) == 18 + 27


@pytest.mark.slow
def test_data_from_a_run_tells_the_truth(tmp_path):
    (tmp_path / "truth.toml").write_text(
        "[graph]\nextent = [3, 3]\nboundary = 'open'\n[action]\nw.start = 0.2\na.start = 1.0\nb.start = 0.2\n"
        "[sample]\ndraws = 200\nthin = 10\nsweeps = 4\n[sampler]\nchains = 256\n"
    )
    done = quartic("sample", "truth.toml", "-o", "truth.h5", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "run.toml").write_text(
        "[graph]\nextent = [3, 3]\nboundary = 'open'\n[data]\npath = 'truth.h5'\n[sampler]\nchains = 256\n"
        "[evaluation]\nchains = 64\n"
    )
    done = quartic("fit", "run.toml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    z = summary["z_scores"]
    assert z["count"] == 12 + 9 + 9 and abs(z["mean"]) < 1 and 0.3 < z["variance"] < 2
    assert quartic("plot", "run.h5", "--quiet", cwd=tmp_path).returncode == 0
    assert (tmp_path / "run-figures/true-couplings.png").exists()


@pytest.mark.parametrize("optimiser", ["newton", "adam"])
def test_killed_and_resumed_to_the_same_bits(here, optimiser):
    settings = ("--set", f"fit.optimiser={optimiser}", "--set", "fit.stop_early=false", "--set", "fit.epochs=60")
    settings += ("--set", "fit.max_draws=64", "--set", "evaluation.draws=4")
    whole = quartic("fit", "run.toml", "-o", "whole.h5", "--quiet", *settings, cwd=here)
    assert whole.returncode == 0, whole.stderr
    stopped(here, "epoch", "fit", "run.toml", "-o", "killed.h5", *settings)
    assert open_run(here / "killed.h5").history["epoch"].size < 61
    done = quartic("resume", "killed.h5", "--quiet", "--threads", "1", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(here / "whole.h5", here / "killed.h5")


def test_extended_to_the_same_bits(here):
    settings = ("--set", "fit.optimiser=adam", "--set", "fit.stop_early=false", "--set", "evaluation.draws=4")
    for epochs, name in ((9, "whole.h5"), (5, "part.h5")):
        done = quartic("fit", "run.toml", "-o", name, "--quiet", *settings, "--set", f"fit.epochs={epochs}", cwd=here)
        assert done.returncode == 0, done.stderr
    done = quartic("resume", "part.h5", "--epochs", "9", "--quiet", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(here / "whole.h5", here / "part.h5")


def test_memory_is_bounded_by_the_batch(tmp_path):
    """154 MB of rows, streamed: far above what the program takes for itself."""
    rows = np.random.default_rng(1).normal(0, 0.5, (600000, 64)).astype(np.float32)
    np.save(tmp_path / "x.npy", rows)
    (tmp_path / "run.toml").write_text(
        "[graph]\nextent = [8, 8]\n[data]\npath = 'x.npy'\n[sampler]\nchains = 64\n"
        "[fit]\nepochs = 1\n[evaluation]\nenabled = false\n"
    )
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", code, QUARTIC, "fit", "run.toml", "--quiet"],
        cwd=tmp_path, text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) * 1024 < rows.nbytes


def test_changed_data_are_refused(here):
    settings = ("--set", "fit.optimiser=adam", "--set", "fit.epochs=2", "--set", "fit.stop_early=false")
    assert quartic("fit", "run.toml", "-o", "run.h5", "--quiet", *settings, cwd=here).returncode == 0
    np.save(here / "x.npy", np.load(here / "x.npy") + 1)
    files = [p.name for p in here.iterdir()]
    refused(quartic("resume", "run.h5", "--epochs", "4", cwd=here), 3, "have changed", here, files)


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        ("graph.extent=[4,4]", "9 values, the graph has 16 sites"),
        ("data.path=nothing.npy", "nothing.npy"),
        ("fit.batch=100 fit.optimiser=newton", "newton takes the data whole"),
        (" ".join(f"action.{kind}.freedom=frozen" for kind in "wrab"), "every coupling is frozen"),
        ("fit.optimizer=adam", "optimiser"),
        ("data.binarise=-1000", "standardise"),
    ],
)
def test_refused(here, settings, fragment):
    arguments = [word for setting in settings.split() for word in ("--set", setting)]
    refused(quartic("fit", "run.toml", *arguments, cwd=here), 3, fragment, here, ("run.toml", "x.npy"))


def test_data_that_a_field_cannot_have_are_said(tmp_path):
    """Columns of few values, whose means a frozen r cannot follow."""
    rows = np.random.default_rng(3).integers(0, 4, (800, 9)).astype(float)
    text = fitted(tmp_path, rows, CONFIG.replace('r.freedom = "free"', "").replace("held_out = 0.2", ""))
    assert "NOTE: columns 0, 1, 2, 3, 4, ... take at most 20 values" in text
    said = quartic("diagnose", "run.h5", cwd=tmp_path).stdout
    assert "remark 1: columns 0, 1, 2, 3, 4, ... take at most 20 values" in said
    assert 'action.r = { freedom = "free" }, or data.scaling = "standardise"' in said


def test_config_without_data_is_refused(tmp_path):
    (tmp_path / "run.toml").write_text("[graph]\nextent = [3, 3]\n")
    refused(quartic("fit", "run.toml", cwd=tmp_path), 3, "no 'path'", tmp_path)
