"""quartic fit of deep stacks, with resume, generate and transform as a user meets them."""

import json
import signal

import h5py
import numpy as np
import pytest
from program import NETWORK_CONFIG, copied, fitted, needs_program, quartic, refused, same_bits, started, two_waves

from quartic import StackResult
from quartic import open as open_run

pytestmark = needs_program

CONFIG = NETWORK_CONFIG.replace('"network"', '"stack"').replace("hidden_units = 4", "hidden_units = [5, 3]")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Rows of four kinds, and the stack that learned them."""
    folder = tmp_path_factory.mktemp("stack")
    random = np.random.default_rng(5)
    rows = two_waves(random, 2 * random.integers(0, 2, (2000, 2)) - 1)
    by_layer = ("--set", "training.layer_epochs=[20, 60]", "--set", "training.layer_rates=[0.02, 0.3]")
    return folder, rows, fitted(folder, rows.reshape(2000, 3, 4), CONFIG, *by_layer)


@pytest.fixture
def here(made, tmp_path):
    return copied(made[0], tmp_path, CONFIG)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_report_and_reader_agree(made):
    folder, _, text = made
    assert text.startswith(quartic("show", "run.h5", cwd=folder).stdout)
    shown = json.loads(quartic("show", "run.h5", "--json", cwd=folder).stdout)
    run = open_run(folder / "run.h5")
    assert isinstance(run, StackResult) and run.layers == 2 and run.finished and shown["finished"]
    assert [network.w.shape for network in run.networks] == [(12, 5), (5, 3)]
    assert [(n.visible, n.hidden) for n in run.networks] == [("quartic", "binary"), ("binary", "binary")]
    assert [j["epoch"] for j in shown["layers"][1]["evaluations"]] == [10, 20, 30, 40, 50, 60]
    assert run.bounds["bound"].values == pytest.approx([b["bound"]["value"] for b in shown["bounds"]])
    assert list(run.bounds["layer"]) == [1, 2]
    # The bound of the first network alone is its ln p.
    bounds, alone = run.arrays("results"), run.arrays("layer_1/evaluations")
    assert bounds["bound"][0] == pytest.approx(alone["log_likelihood"][-1], abs=1e-12)
    assert bounds["bound_held_out"][0] == pytest.approx(alone["held_out"][-1], abs=1e-12)


def test_second_layer_learned_what_couples_the_first(made):
    """The kinds of rows are two bits: pairs of hidden units are correlated, and the top network knows it."""
    run = open_run(made[0] / "run.h5")
    bounds = run.arrays("results")
    spread = np.hypot(bounds["bound_rows_error"], bounds["bound_error"])
    assert bounds["bound"][1] > bounds["bound"][0] - 5 * spread.max()
    top = run.data["layer_2"]
    data = top["observed_data/phi"].values.astype(float)
    assert set(np.unique(data)) <= {0.0, 1.0}
    p = data.mean(0).clip(1e-6, 1 - 1e-6)
    independent = (data * np.log(p) + (1 - data) * np.log(1 - p)).sum(1).mean()
    assert top["evaluations/log_likelihood"].values[-1] > independent + 0.05


def test_transform_goes_up_layer_by_layer(made):
    folder, rows, _ = made
    run = open_run(folder / "run.h5")
    phi = (rows - run.array("data/offset")) / run.array("data/scale")
    np.testing.assert_allclose(run.to_data(phi), rows)
    lower, upper = run.networks
    first = sigmoid(phi @ lower.w - lower.s)
    second = sigmoid(first @ upper.w - upper.s)
    for options, expected in (((), second), (("--layer", "1"), first), (("--layer", "2"), second)):
        done = quartic("transform", "run.h5", "x.npy", "-o", "h.npy", "--force", "--json", *options, cwd=folder)
        assert done.returncode == 0, done.stderr
        np.testing.assert_allclose(np.load(folder / "h.npy"), expected, atol=1e-4)
    bounds = run.arrays("results")
    mixed = 0.8 * bounds["bound"][1] + 0.2 * bounds["bound_held_out"][1]
    assert json.loads(done.stdout.splitlines()[-1])["bound"]["value"] == pytest.approx(mixed, abs=0.05)
    done = quartic("transform", "run.h5", "x.npy", "-o", "d.npy", "--sample", cwd=folder)
    assert done.returncode == 0, done.stderr
    drawn = np.load(folder / "d.npy")
    assert set(np.unique(drawn)) == {0.0, 1.0} and abs(drawn.mean(0) - second.mean(0)).max() < 0.15
    files = [p.name for p in folder.iterdir()]
    refused(quartic("transform", "run.h5", "x.npy", "--layer", "3", cwd=folder), 3, "no layer 3", folder, files)


def test_generate_goes_down(made):
    folder, rows, _ = made
    done = quartic("generate", "run.h5", "--rows", "3000", "-o", "g.npy", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = quartic("generate", "run.h5", "--rows", "3000", "-o", "e.npy", "--mean", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert np.load(folder / "g.npy").shape == (3000, 3, 4)
    drawn, expected = np.load(folder / "g.npy").reshape(-1, 12), np.load(folder / "e.npy").reshape(-1, 12)
    assert (abs(drawn.mean(0) - rows.mean(0)) < 1).all() and (abs(expected.mean(0) - rows.mean(0)) < 1).all()
    assert (expected.var(0) < drawn.var(0)).all()  # by the conditional variances
    off = np.triu_indices(12, 1)
    assert np.corrcoef(np.corrcoef(drawn.T)[off], np.corrcoef(rows.T)[off])[0, 1] > 0.9
    stored = open_run(folder / "run.h5")
    assert abs(stored.to_data(stored.phi[:, -1]).mean(0) - rows.mean(0)).max() < 1.5


def test_diagnose_validate_plot_and_what_is_not_for_stacks(made):
    folder, _, _ = made
    done = quartic("diagnose", "run.h5", cwd=folder)
    assert done.returncode == 0 and "layer 2: ln Z" in done.stdout and "gained by layer 2" in done.stdout
    done = quartic("validate", "run.toml", "--json", cwd=folder)
    assert [layer["visible"] for layer in json.loads(done.stdout)["layers"]] == [12, 5]
    done = quartic("plot", "run.h5", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (folder / "run-figures").iterdir()} == {
        "summary.png", "layer-1.png", "layer-2.png", "features-1.png", "features-2.png", "samples.png",
        "histograms.png", "moments.png",
    }  # fmt: skip
    files = [p.name for p in folder.iterdir()]
    refused(quartic("sample", "run.h5", cwd=folder), 3, "holds a deep stack", folder, files)
    refused(quartic("reweight", "run.h5", cwd=folder), 3, "holds a deep stack", folder, files)


def test_one_layer_is_the_network(here):
    quick = ("--set", "training.epochs=3", "--set", "model.hidden_units=4", "--quiet")
    assert quartic("fit", "run.toml", "-o", "stack.h5", *quick, cwd=here).returncode == 0
    assert quartic("fit", "run.toml", "-o", "net.h5", "--set", "model.kind=network", *quick, cwd=here).returncode == 0
    with h5py.File(here / "stack.h5") as deep, h5py.File(here / "net.h5") as network:
        for name in ("model/w", "model/a", "checkpoint/streams", "evaluations/log_likelihood", "posterior/phi"):
            assert deep[f"layer_1/{name}"][()].tobytes() == network[name][()].tobytes(), name


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)])
def test_killed_in_the_second_layer_and_resumed_to_the_same_bits(here, how):
    settings = ("--set", "training.layer_epochs=[5, 1500]", "--set", "evaluation.every=0", "--set", "training.rungs=3")
    whole = quartic("fit", "run.toml", "-o", "whole.h5", "--quiet", *settings, cwd=here)
    assert whole.returncode == 0, whole.stderr
    process = started(here, "epoch", "fit", "run.toml", "-o", "killed.h5", *settings)
    for line in process.stdout:
        event = json.loads(line)
        if event.get("layer") == 2 and event["epoch"] > 10:
            break
    process.send_signal(how)
    process.communicate()
    assert process.returncode == (6 if how == signal.SIGINT else -how)
    cut = open_run(here / "killed.h5")
    assert cut.layers == 2 and cut.bounds["layer"].size == 1 and "posterior" not in cut.data
    done = quartic("resume", "killed.h5", "--quiet", "--threads", "1", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(here / "whole.h5", here / "killed.h5")


def test_stopped_before_the_first_epoch_and_extended_to_the_same_bits(here):
    quick = ("--quiet", "--set", "evaluation.every=0")
    whole = quartic("fit", "run.toml", "-o", "whole.h5", *quick, "--set", "training.layer_epochs=[4, 9]", cwd=here)
    assert whole.returncode == 0, whole.stderr
    part = ("fit", "run.toml", "-o", "part.h5", *quick, "--set", "training.epochs=4")
    assert quartic(*part, "--max-hours", "1e-9", cwd=here).returncode == 6
    assert open_run(here / "part.h5").layers == 1
    assert quartic("resume", "part.h5", "--quiet", cwd=here).returncode == 0
    done = quartic("resume", "part.h5", "--epochs", "3", "--quiet", cwd=here)
    assert done.returncode == 3 and "has 3 epochs already" in done.stderr
    done = quartic("resume", "part.h5", "--epochs", "9", "--quiet", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(here / "whole.h5", here / "part.h5")
    assert quartic("resume", "part.h5", "--quiet", cwd=here).returncode == 0  # nothing to do


@pytest.mark.parametrize("hidden", ["binary", "spin", "gaussian", "quartic"])
def test_expectations_as_data(here, hidden):
    """Fractions that discrete units cannot take are learned from; judged are draws."""
    quick = ("--set", "training.epochs=3", "--set", "model.features=expectations", "--quiet")
    done = quartic("fit", "run.toml", "-o", "run.h5", "--set", f"model.hidden={hidden}", *quick, cwd=here)
    assert done.returncode == 0, done.stderr
    run = open_run(here / "run.h5")
    top = run.data["layer_2"]
    assert np.isfinite(run.bounds["bound"]).all() and np.isfinite(top["evaluations/log_likelihood"].values[-1])
    if hidden in ("binary", "spin"):
        assert len(np.unique(top["observed_data/phi"])) == 2


def test_dead_units_do_not_stop_the_next_layer(here):
    """A first layer that learned nothing gives features that hardly depend on the data."""
    for features in ("samples", "expectations"):
        for hidden in ("binary", "gaussian"):
            done = quartic(
                "fit", "run.toml", "-o", f"{features}-{hidden}.h5", "--quiet", "--set", "training.epochs=2",
                "--set", "training.rate=1e-9", "--set", f"model.features={features}", "--set", f"model.hidden={hidden}",
                cwd=here,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("setting", "fragment"),
    [
        ("model.kind=network", "one layer of hidden units"),
        ("model.hidden=['binary', 'spin', 'spin']", "names 3 layers, hidden_units 2"),
        ("training.layer_epochs=[3]", "names 1 layers"),
        ("model.hidden_units=[]", "an integer >= 0, or an array of these"),
        ("model.hidden_units=[4, 0]", "0"),
        ("model.hidden=['binary', 'spins']", "spin"),
        ("model.features=draws", "samples"),
    ],
)
def test_refused(here, setting, fragment):
    refused(quartic("fit", "run.toml", "--set", setting, cwd=here), 3, fragment, here, ("run.toml", "x.npy"))


def test_data_that_changed_are_refused(here):
    quick = ("--set", "training.epochs=2", "--quiet")
    assert quartic("fit", "run.toml", "-o", "run.h5", "--max-hours", "1e-9", *quick, cwd=here).returncode == 6
    np.save(here / "x.npy", np.load(here / "x.npy") + 1)
    done = quartic("resume", "run.h5", cwd=here)
    assert done.returncode == 3 and "have changed" in done.stderr
