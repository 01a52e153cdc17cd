"""quartic fit of a network without a number of epochs: exact gradients where ln Z is exact, else chains as long as
held-out rows ask for; scalings chosen, kept and undone."""

import json

import numpy as np
import pytest
from program import copied, fitted, needs_program, quartic, refused, same_bits, stopped

pytestmark = needs_program

CONFIG = """[model]
kind = "network"
hidden_units = 4
[data]
path = "x.npy"
"""
CHAINS = CONFIG.replace("hidden_units = 4", 'hidden = "quartic"\nhidden_units = 3')


def gaussian_rows(random, count):
    """Correlation .95, units of their own; and the mean ln p of the Gaussian that they come from."""
    covariance = np.array([[1, 0.95, 0], [0.95, 1, 0], [0, 0, 1]])
    scales = np.array([1e-3, 100, 5])
    rows = 7 * scales + random.multivariate_normal(np.zeros(3), covariance, count) * scales
    entropy = 1.5 * np.log(2 * np.pi * np.e) + 0.5 * np.log(np.linalg.det(covariance)) + np.log(scales).sum()
    return rows, -entropy


def clustered_rows(random, count):
    """Two clusters in the narrow direction of correlated columns, the second column exponentiated."""
    side = random.choice([-1.0, 1.0], count)
    x = random.normal(size=count)
    second = np.exp(x - 0.5 * side)
    return np.stack([x + 0.5 * side + random.normal(0, 0.1, count), second, random.normal(5, 3, count)], axis=1)


def shown(folder, run="run.h5"):
    done = quartic("show", run, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clusters")
    text = fitted(folder, clustered_rows(np.random.default_rng(1), 400), CONFIG, "--threads", "1")
    return folder, text


def test_gaussian_rows_score_like_their_gaussian(tmp_path):
    rows, truth = gaussian_rows(np.random.default_rng(0), 800)
    config = CONFIG + "held_out = 0.4\n[training]\niterations = 100\n"
    fitted(tmp_path, rows, config)
    found = shown(tmp_path)
    held_out = found["evaluations"][-1]["held_out_data_units"]
    assert held_out["value"] == pytest.approx(truth, abs=4 * held_out["rows_error"] + 0.05)
    assert found["density"]["held_out"]["value"] == pytest.approx(truth, abs=5 * found["density"]["held_out"]["error"])


def test_data_are_not_said_to_have_a_scaling_that_is_chosen_later(clusters, tmp_path):
    assert "data      400 x 3 from x.npy, f8\n" in clusters[1]
    text = fitted(tmp_path, np.load(clusters[0] / "x.npy"), CONFIG + "[training]\nepochs = 2\n")
    assert "data      400 x 3 from x.npy, f8, standardised\n" in text


def test_clusters_beat_the_gaussian_and_every_number_has_an_error(clusters):
    folder, text = clusters
    rows = np.load(folder / "x.npy")
    gaussian = -0.5 * np.log(np.linalg.det(2 * np.pi * np.e * np.cov(rows.T)))
    found = shown(folder)
    assert found["evaluations"][-1]["log_likelihood_data_units"]["value"] > gaussian + 0.5
    assert found["evaluations"][-1]["exact"]
    assert "learning  exact gradients, with gates" in text and ", chosen" in text
    for line in text.split("held out of those")[1].splitlines()[1:5]:
        assert "(" in line.split()[1], line  # value(error)
    done = quartic("diagnose", "run.h5", cwd=folder)
    assert done.returncode == 0, done.stdout


def test_python_learns_the_same(clusters):
    quartic_python = pytest.importorskip("quartic")
    folder, _ = clusters
    rows = np.load(folder / "x.npy")
    run = quartic_python.open(folder / "run.h5")
    assert run.ok, run.reason
    assert "learned exactly" in repr(run)
    network, scaling = run.network, run.scaling
    assert network.u.shape == network.w.shape
    model = scaling.to_model(rows)
    log_p = -network.free_energy(model) - network.exact_log_z() + scaling.log_jacobian(rows)
    stored = shown(folder)["evaluations"][-1]["log_likelihood_data_units"]["value"]
    assert log_p.mean() == pytest.approx(stored, abs=1e-3)
    assert np.allclose(run.to_data(model), rows, rtol=1e-6)
    machine = quartic_python.RestrictedBoltzmannMachine(4, random_state=0).fit(rows)
    assert machine.score(rows) == pytest.approx(stored, abs=0.15)  # other random splits and starts


def test_draws_follow_the_data_in_their_units(clusters):
    folder, _ = clusters
    rows = np.load(folder / "x.npy")
    done = quartic("generate", "run.h5", "--rows", "20000", "-o", "g.npy", "--force", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "each row is of a chain of its own" in done.stdout
    draws = np.load(folder / "g.npy")
    for column in range(3):
        for q in (0.1, 0.5, 0.9):
            low, high = np.quantile(rows[:, column], [q - 0.06, q + 0.06])
            assert low < np.quantile(draws[:, column], q) < high


def test_resumed_in_the_race_and_after_it_to_the_same_bits(clusters, tmp_path):
    folder, _ = clusters
    here = copied(folder, tmp_path, CONFIG)
    stopped(here, "round", "fit", "run.toml", "-o", "cut.h5", "--threads", "1")
    assert "not finished" in quartic("show", "cut.h5", cwd=here).stdout
    refused(
        quartic("generate", "cut.h5", "-o", "g.npy", cwd=here),
        3,
        "not learned yet",
        here,
        ("x.npy", "run.toml", "cut.h5"),
    )
    done = quartic("resume", "cut.h5", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(folder / "run.h5", here / "cut.h5")


def test_extended_it_is_not(clusters):
    folder, _ = clusters
    done = quartic("resume", "run.h5", "--epochs", "50", cwd=folder)
    assert done.returncode == 3 and "learned exactly" in done.stderr
    done = quartic("resume", "run.h5", cwd=folder)
    assert done.returncode == 0 and "finished" in done.stderr and "--" not in done.stderr


@pytest.mark.parametrize("scaling", ["power", "zca", "power-whiten", "unit", "none"])
def test_named_scalings_are_kept(clusters, tmp_path, scaling):
    folder, _ = clusters
    here = copied(folder, tmp_path, CONFIG + f'scaling = "{scaling}"\nrows = 100\n[training]\niterations = 20\n')
    done = quartic("fit", "run.toml", "-o", "run.h5", cwd=here)
    assert done.returncode == 0, done.stderr
    found = shown(here)
    quartic_python = pytest.importorskip("quartic")
    run = quartic_python.open(here / "run.h5")
    rows = np.load(here / "x.npy")[:100]
    model = run.scaling.to_model(rows)
    log_p = -run.network.free_energy(model) - run.network.exact_log_z() + run.scaling.log_jacobian(rows)
    of = found["evaluations"][-1]
    stored = of["log_likelihood"] if scaling == "none" else of["log_likelihood_data_units"]
    assert log_p.mean() == pytest.approx(stored["value"], abs=2e-3)


def test_chains_stop_by_held_out_rows_and_resume_to_the_same_bits(clusters, tmp_path):
    folder, _ = clusters
    here = copied(folder, tmp_path, CHAINS)
    done = quartic("fit", "run.toml", "-o", "whole.h5", "--threads", "1", cwd=here)
    assert done.returncode == 0, done.stderr
    assert "held-out rows" in done.stdout
    assert shown(here, "whole.h5")["held_out"] == 60
    stopped(here, "epoch", "fit", "run.toml", "-o", "cut.h5", "--threads", "1")
    assert quartic("resume", "cut.h5", cwd=here).returncode == 0
    same_bits(here / "whole.h5", here / "cut.h5")


MANY = CONFIG.replace("hidden_units = 4", "hidden_units = 18")


@pytest.fixture(scope="module")
def many(clusters, tmp_path_factory):
    """More units than are learned exactly."""
    folder = copied(clusters[0], tmp_path_factory.mktemp("many"), MANY)
    done = quartic("fit", "run.toml", "-o", "run.h5", "--threads", "1", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.mark.parametrize("unit", ["round", "epoch"])
def test_chains_begin_with_what_is_exact_and_resume_to_the_same_bits(many, tmp_path, unit):
    folder, text = many
    assert "start     exact gradients, " in text and "training  PCD-1" in text
    assert len(shown(folder)["density"]["candidates"]) == 4
    here = copied(folder, tmp_path, MANY)
    stopped(here, unit, "fit", "run.toml", "-o", "cut.h5", "--threads", "1")
    refused_yet = quartic("score", "cut.h5", "x.npy", cwd=here)
    assert refused_yet.returncode == 3 and "not finished" in refused_yet.stderr
    done = quartic("resume", "cut.h5", cwd=here)
    assert done.returncode == 0, done.stderr
    same_bits(folder / "run.h5", here / "cut.h5")


@pytest.mark.slow
def test_chains_from_what_is_exact_are_no_worse_and_alike_in_python(many):
    """Beyond the Gaussian as far as the few units are, on rows that neither has seen."""
    folder, _ = many
    quartic_python = pytest.importorskip("quartic")
    rows, others = np.load(folder / "x.npy"), clustered_rows(np.random.default_rng(2), 2000)
    np.save(folder / "others.npy", others)
    done = quartic("score", "run.h5", "others.npy", "-o", "scores.csv", "--force", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = np.loadtxt(folder / "scores.csv", delimiter=",", skiprows=1)[:, 1].mean()
    few = quartic_python.RestrictedBoltzmannMachine(gates=False, random_state=0).fit(rows).score(others)
    machine = quartic_python.RestrictedBoltzmannMachine(18, random_state=0).fit(rows)
    assert found > few - 0.25
    assert found == pytest.approx(machine.score(others), abs=0.35)  # other splits, other starts
    run = quartic_python.open(folder / "run.h5")
    assert not run.exact and "epochs" in repr(run)
    assert shown(folder)["evaluations"][-1]["ok"]


def test_chains_that_found_nothing_say_so(many, tmp_path):
    here = copied(many[0], tmp_path, MANY + "[training]\nrate = 1e-30\n")  # no weight changes
    assert quartic("fit", "run.toml", "-o", "run.h5", "--force", cwd=here).returncode == 0
    nothing = "chains found nothing better than what fewer units learn exactly"
    assert quartic("show", "run.h5", cwd=here).stdout.count(nothing) == 1
    assert nothing in quartic("diagnose", "run.h5", cwd=here).stdout


def test_such_a_run_goes_on_and_keeps_its_units(many, tmp_path):
    folder, _ = many
    here = copied(folder, tmp_path, MANY)
    done = quartic("resume", folder / "run.h5", "--epochs", "700", "-o", "more.h5", "--threads", "1", cwd=here)
    assert done.returncode == 0, done.stderr
    before, after = shown(folder), shown(here, "more.h5")
    assert after["epochs"] == 700 > before["epochs"]
    quartic_python = pytest.importorskip("quartic")
    one, other = (quartic_python.open(path).scaling for path in (folder / "run.h5", here / "more.h5"))
    assert one.method == other.method and np.array_equal(one.offset, other.offset)
    one, other = (of["evaluations"][-1]["log_likelihood"]["value"] for of in (before, after))
    assert other == pytest.approx(one, abs=1.5)


def test_two_valued_columns_that_learned_nothing_fail(tmp_path):
    random = np.random.default_rng(2)
    rows = np.abs((random.random((300, 1)) < 0.5) - (random.random((300, 3)) < 0.1).astype(float))
    config = '[model]\nkind = "network"\nvisible = "binary"\nhidden_units = 4\n[data]\npath = "x.npy"\n'
    fitted(tmp_path, rows, config + "[training]\nepochs = 5\nrate = 1e-6\n")
    done = quartic("diagnose", "run.h5", "--strict", cwd=tmp_path)
    assert done.returncode == 5 and "no higher than theirs" in done.stdout, done.stdout
    (tmp_path / "run.h5").unlink()
    fitted(tmp_path, rows, config + "[training]\nepochs = 60\nrate = 0.3\n")
    found = shown(tmp_path)["evaluations"][-1]
    entropy = -sum(np.log(np.where(rows == 1, rows.mean(0), 1 - rows.mean(0))).sum(1)) / 300
    above = found["above_independent"]
    assert above["value"] == pytest.approx(found["log_likelihood"]["value"] + entropy, abs=0.01)
    assert above["value"] > 0.3
    assert "ln p above independent columns" in quartic("diagnose", "run.h5", cwd=tmp_path).stdout


@pytest.mark.parametrize("units", ["quartic-quartic", "gaussian-quartic", "quartic-gaussian", "spin-binary"])
@pytest.mark.parametrize("rate", [1e-4, 0.05, 10])
def test_no_rate_makes_it_worse_than_independent_units(clusters, tmp_path, units, rate):
    """Chains with epochs = "auto": either it learns, at a lower rate where it has to, or it says why not."""
    folder, _ = clusters
    visible, hidden = units.split("-")
    config = f'[model]\nkind = "network"\nvisible = "{visible}"\nhidden = "{hidden}"\nhidden_units = 16\n'
    config += '[data]\npath = "x.npy"\nrows = 150\n' + ("binarise = 0.0\n" if visible == "spin" else "")
    config += f"[training]\nrate = {rate}\nbatch = 50\n[evaluation]\nsweeps = 200\nsteps = 200\nchains = 128\n"
    here = copied(folder, tmp_path, config)
    if visible == "spin":
        np.save(
            here / "x.npy",
            np.sign(np.load(here / "x.npy")[:, [0, 0, 0]] + np.random.default_rng(0).normal(size=(400, 3))),
        )
        (here / "run.toml").write_text(config.replace("binarise = 0.0\n", ""))
    done = quartic("fit", "run.toml", "-o", "run.h5", cwd=here)
    if done.returncode != 0:
        assert done.returncode == 4 and "even at a rate of" in done.stderr, done.stderr
        return
    found = shown(here)["evaluations"][-1]
    rows = np.load(here / "x.npy")[:150]
    if visible != "spin":
        alone = -np.log(rows.std(0)).sum() - 1.5 * np.log(2 * np.pi * np.e)  # Gaussian columns on their own
        of = found["log_likelihood_data_units"]
        assert of["value"] > alone - 0.35 - 3 * of["error"]


@pytest.mark.parametrize(
    ("more", "code", "fragment"),
    [
        ("rows = 5\n", 3, "5 rows are too few"),
        ("[training]\niterations = 5\n", 3, "'iterations' must be"),
        ("[training]\nepochs = 0\n", 3, "'epochs' must be"),
    ],
)
def test_refusals(clusters, tmp_path, more, code, fragment):
    here = copied(clusters[0], tmp_path, CONFIG + more)
    refused(quartic("fit", "run.toml", cwd=here), code, fragment, here, ("x.npy", "run.toml"))


def test_gates_that_nothing_learns_and_scalings_of_fields_are_refused(clusters, tmp_path):
    both = CONFIG.replace("hidden_units", 'visible = "gaussian"\nhidden = "gaussian"\ngates = true\nhidden_units')
    here = copied(clusters[0], tmp_path, both)
    refused(
        quartic("fit", "run.toml", cwd=here), 3, "gates of gaussian and gaussian units", here, ("x.npy", "run.toml")
    )
    tempered = CONFIG.replace("[data]", "gates = true\n[data]") + "[training]\nrungs = 4\n"
    here = copied(clusters[0], tmp_path, tempered)
    refused(
        quartic("fit", "run.toml", cwd=here), 3, "gates are learned without chains alone", here, ("x.npy", "run.toml")
    )
    field = (
        '[graph]\nlattice = "square"\nextent = [1, 3]\nboundary = "open"\n[data]\npath = "x.npy"\nscaling = "whiten"\n'
    )
    (here / "run.toml").write_text(field)
    refused(quartic("fit", "run.toml", cwd=here), 3, "is not for a field", here, ("x.npy", "run.toml"))


@pytest.mark.parametrize("scaling", ["whiten", "zca"])
def test_rows_that_are_turned_are_completed(tmp_path, scaling):
    """Of Gaussian rows the mean of what is hidden, or behind noise, is known."""
    random = np.random.default_rng(8)
    covariance = np.array([[4, 1.8, 0.5], [1.8, 1, -0.1], [0.5, -0.1, 1.5]])
    rows = 3 + random.multivariate_normal(np.zeros(3), covariance, 1500)
    config = '[model]\nkind = "network"\nvisible = "gaussian"\nhidden = "gaussian"\nhidden_units = 1\n[data]\n'
    fitted(tmp_path, rows, config + f'path = "x.npy"\nscaling = "{scaling}"\n')
    center, found = rows.mean(0), np.cov(rows.T, bias=True)
    options = ("--given", "x.npy", "--rows", "200", "--force")
    quartic("generate", "run.h5", *options, "--hide", "1", "--mean", "-o", "g.npy", cwd=tmp_path)
    completed, known = np.load(tmp_path / "g.npy"), [0, 2]
    np.testing.assert_array_equal(completed[:, known], rows[:200, known].astype(np.float32))
    regression = found[1, known] @ np.linalg.inv(found[np.ix_(known, known)])
    expected = center[1] + (rows[:200, known] - center[known]) @ regression
    left = found[1, 1] - regression @ found[known, 1]
    assert np.abs(completed[:, 1] - expected).mean() < 0.25 * left**0.5  # 100 draws each, and the fit's own error
    quartic("generate", "run.h5", *options, "--hide", "1", "-o", "g.npy", cwd=tmp_path)
    drawn = np.load(tmp_path / "g.npy")[:, 1] - expected
    assert drawn.mean() == pytest.approx(0, abs=5 * (left / 200) ** 0.5)
    assert drawn.var() == pytest.approx(left, rel=0.45)
    quartic("generate", "run.h5", *options, "--noise", "0.8", "--mean", "-o", "g.npy", cwd=tmp_path)
    cleaned = center + (rows[:200] - center) @ np.linalg.inv(found + 0.64 * np.eye(3)) @ found
    assert np.abs(np.load(tmp_path / "g.npy") - cleaned).mean() < 0.15


def test_a_network_is_shown_beside_one_gaussian(tmp_path):
    """Of the same rows; columns that have no density, and scalings that cannot be, are named."""
    random = np.random.default_rng(5)
    rows = random.normal(size=(400, 1)) + 0.3 * random.normal(size=(400, 3))
    chains = CHAINS + "[training]\nepochs = 1\nrate = 1e-5\n[evaluation]\nsteps = 100\nchains = 64\n"
    text = fitted(tmp_path, rows, chains)
    assert "above a Gaussian" in text
    found = shown(tmp_path)["evaluations"][-1]
    gaussian = -0.5 * np.linalg.slogdet(2 * np.pi * np.e * np.cov(rows.T, bias=True)).logabsdet  # its own rows'
    above = found["above_gaussian"]
    assert above["value"] == pytest.approx(found["log_likelihood_data_units"]["value"] - gaussian, abs=0.05)
    assert above["value"] < -1
    done = quartic("diagnose", "run.h5", "--strict", cwd=tmp_path)
    assert done.returncode == 5 and "one Gaussian knows the data better" in done.stdout
    (tmp_path / "run.h5").unlink()
    rows[:, 2] = rows[:, 0] - rows[:, 1]
    rows = np.c_[rows, np.arange(400) % 3]
    text = fitted(tmp_path, rows, CONFIG + "[training]\niterations = 20\n")
    assert "NOTE: column 3 takes at most 20 values" in text
    assert "NOTE: whiten left out: column" in text
    assert "whiten left out" in quartic("show", "run.h5", cwd=tmp_path).stdout
