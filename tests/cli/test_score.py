"""quartic score: ln p of rows as a density in the units of the data, from tables with named columns."""

import itertools
import json

import numpy as np
import pytest
from program import fitted, needs_program, quartic, refused

from quartic import open as open_run

pytestmark = needs_program

NETWORK = """[model]
kind = "network"
hidden_units = 3
[data]
path = "table.csv"
columns = ["width", "height"]
scaling = "standardise"
[training]
epochs = 10
batch = 50
rate = 0.05
"""
FIELD = """[graph]
lattice = "chain"
extent = [2]
boundary = "open"
[action]
r.freedom = "free"
[data]
path = "table.csv"
columns = ["height", "width"]
scaling = "standardise"
[sampler]
chains = 64
[evaluation]
chains = 64
draws = 4
error = 0.02
"""


def table(folder, rows=600):
    """A table with an index and a column of text; its two columns of numbers."""
    random = np.random.default_rng(2)
    width = random.normal(40, 3, rows)
    height = 0.01 * width + random.normal(0, 0.02, rows) + 0.2 * random.integers(0, 2, rows)
    lines = [f'{n},{w:.7g},"{h:.7g}",kind {n % 3}' for n, (w, h) in enumerate(zip(width, height, strict=True))]
    (folder / "table.csv").write_text("\n".join([',width,"height",kind', *lines]))
    return np.stack([width, height], 1)


def run(folder, config, *options, file="run.h5", verb="fit"):
    (folder / "run.toml").write_text(config)
    done = quartic(verb, "run.toml", "-o", file, *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("score")
    rows = table(folder)
    run(folder, NETWORK)
    run(folder, FIELD, file="field.h5")
    return folder, rows


def scored(folder, model, data, *options):
    done = quartic("score", model, data, "-o", "scores.csv", "--force", "--json", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    header, *_ = (folder / "scores.csv").read_text().splitlines()
    assert header == "row,log_density,error"
    values = np.loadtxt(folder / "scores.csv", delimiter=",", skiprows=1, ndmin=2)
    assert np.array_equal(values[:, 0], np.arange(len(values)))
    return values[:, 1], values[:, 2], json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("model", "exact"), [("run.h5", True), ("field.h5", False)])
def test_the_density_integrates_to_one_in_the_units_of_the_data(made, tmp_path, model, exact):
    folder, rows = made
    sides = [np.linspace(x.mean() - 7 * x.std(), x.mean() + 7 * x.std(), 141) for x in rows.T]
    grid = np.array(list(itertools.product(*sides)))
    np.savetxt(tmp_path / "grid.csv", grid[:, ::-1], delimiter=",", header="height,width", comments="")  # by name
    log_p, error, said = scored(folder, model, tmp_path / "grid.csv")
    cell = np.prod([x[1] - x[0] for x in sides])
    assert (error == said["log_z_error"]).all() and said["exact"] == exact == (error[0] == 0)
    assert abs(np.log(np.exp(log_p).sum() * cell)) < 0.01 + 4 * error[0]
    mean, error, _ = scored(folder, model, "table.csv")  # by name as well, without its text and index
    assert mean.mean() > -0.5 * np.linalg.slogdet(2 * np.pi * np.e * np.diag(rows.var(0)))[1] - 0.1


def test_summary_names_the_least_likely_rows(made, tmp_path):
    folder, rows = made
    odd = rows[:200].copy()
    odd[17] = [90, 0.4]
    np.save(tmp_path / "odd.npy", odd)
    done = quartic("score", "run.h5", tmp_path / "odd.npy", cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["rows", "200"] and lines[1].startswith("ln p") and "exact" in lines[2]
    assert lines[4].split()[:2] == ["row", "17"] and len(lines) == 9
    said = json.loads(quartic("score", "run.h5", tmp_path / "odd.npy", "--json", cwd=folder).stdout.splitlines()[-1])
    assert said["lowest"][0]["row"] == 17 and len(said["lowest"]) == 5 and said["ok"]
    log_p, _, _ = scored(folder, "run.h5", tmp_path / "odd.npy")
    assert said["log_density"]["value"] == pytest.approx(log_p.mean(), rel=1e-12)
    assert said["log_density"]["error"] == pytest.approx(log_p.std(ddof=1) / np.sqrt(200), rel=1e-9)
    assert np.argsort(log_p)[:5].tolist() == [row["row"] for row in said["lowest"]]
    done = quartic("score", "run.h5", tmp_path / "odd.npy", "-o", tmp_path / "s.npy", cwd=folder)
    assert done.returncode == 0 and np.array_equal(np.load(tmp_path / "s.npy")[:, 1], log_p)


def test_agrees_with_what_the_fit_said_of_its_rows_and_with_python(made):
    folder, rows = made
    log_p, _, said = scored(folder, "run.h5", "table.csv")
    result = open_run(folder / "run.h5")
    units = -np.log(result.array("data/scale")).sum()
    assert log_p.mean() == pytest.approx(result.evaluations["log_likelihood"].values[-1] + units, abs=1e-4)
    assert np.array_equal(result.score_samples(folder / "table.csv"), log_p)
    np.testing.assert_allclose(result.score_samples(rows), log_p, atol=1e-4)
    summary = json.loads(quartic("show", "field.h5", "--json", cwd=folder).stdout)["evaluation"]
    log_p, error, said = scored(folder, "field.h5", "table.csv")
    units = -np.log(open_run(folder / "field.h5").array("data/scale")).sum()
    assert log_p.mean() == pytest.approx(summary["data"]["log_likelihood"]["value"] + units, abs=1e-4)
    assert error[0] == pytest.approx(summary["free_energy"]["error"]) and said["ok"] == summary["ok"]


def test_probabilities_of_binary_units_add_up_to_one(tmp_path):
    random = np.random.default_rng(4)
    bits = (random.random((300, 1)) < 0.4) ^ (random.random((300, 5)) < 0.1)
    config = NETWORK.replace('columns = ["width", "height"]\nscaling = "standardise"', "")
    config = config.replace('"network"', '"network"\nvisible = "binary"').replace("table.csv", "x.npy")
    fitted(tmp_path, bits.astype("f4"), config)
    np.save(tmp_path / "all.npy", np.array(list(itertools.product([0, 1], repeat=5))))
    log_p, _, said = scored(tmp_path, "run.h5", "all.npy")
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-6) and said["exact"]
    np.save(tmp_path / "half.npy", np.full((2, 5), 0.5))
    files = [p.name for p in tmp_path.iterdir()]
    refused(quartic("score", "run.h5", "half.npy", cwd=tmp_path), 3, "row 0, column 0", tmp_path, files)


def test_a_stack_scores_by_its_bound(made, tmp_path):
    folder, _ = made
    (tmp_path / "table.csv").write_bytes((folder / "table.csv").read_bytes())
    run(tmp_path, NETWORK.replace('"network"', '"stack"').replace("= 3", "= [3, 2]"))
    log_p, error, said = scored(tmp_path, "run.h5", "table.csv")
    result = open_run(tmp_path / "run.h5")
    bounds, units = result.arrays("results"), -np.log(result.array("data/scale")).sum()
    spread = np.hypot(bounds["bound_error"][-1], error.mean() / np.sqrt(len(error)))
    assert said["bound"] and (error > 0).all()
    assert abs(log_p.mean() - bounds["bound"][-1] - units) < 6 * spread


def test_tables_come_back_from_generate(made, tmp_path):
    folder, _ = made
    done = quartic("generate", "run.h5", "--rows", "50", "-o", tmp_path / "new.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    again = quartic("generate", "run.h5", "--rows", "50", "-o", tmp_path / "new.npy", cwd=folder)
    assert again.returncode == 0, again.stderr
    said = [json.loads(quartic("data", f"new.{k}", "--json", cwd=tmp_path).stdout) for k in ("csv", "npy")]
    assert said[0]["names"] == ["width", "height"] and said[0]["checksum"] == said[1]["checksum"]
    (tmp_path / "fit.toml").write_text(NETWORK.replace("table.csv", "new.csv"))
    assert quartic("fit", "fit.toml", "--quiet", cwd=tmp_path).returncode == 0
    scores = [scored(folder, "run.h5", tmp_path / f"new.{k}")[0] for k in ("csv", "npy")]
    # Text of a float32 has the digits that tell it from others; read as float64 that is not quite its value.
    assert np.allclose(*scores, rtol=0, atol=1e-5)
    done = quartic("transform", "run.h5", tmp_path / "new.csv", "-o", tmp_path / "h.csv", cwd=folder)
    assert done.returncode == 0 and (tmp_path / "h.csv").read_text().startswith("h0,h1,h2\n0.")
    # What is unknown may stand as an empty field.
    (tmp_path / "gaps.csv").write_text("height,width\n0.4,\n,41\n")
    done = quartic("generate", "run.h5", "--given", tmp_path / "gaps.csv", "-o", tmp_path / "full.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    full = np.loadtxt(tmp_path / "full.csv", delimiter=",", skiprows=1)
    assert np.allclose([full[0, 1], full[1, 0]], [0.4, 41]) and np.isfinite(full).all()


def test_refusals(made, tmp_path):
    folder, _ = made
    np.save(tmp_path / "wide.npy", np.zeros((4, 3)))
    (tmp_path / "other.csv").write_text("width,depth\n1,2\n3,4\n")
    (tmp_path / "gap.csv").write_text("width,height\n1,2\n3,\n")
    (tmp_path / "empty.toml").write_text(FIELD.replace("table.csv", str(folder / "table.csv")))
    off = "evaluation.enabled=false"
    assert quartic("fit", "empty.toml", "-o", "off.h5", "--quiet", "--set", off, cwd=tmp_path).returncode == 0
    sampled = ("sample", "off.h5", "-o", "s.h5", "--quiet", "--set", "sample.draws=20", "--set", "sample.warm_up=5")
    assert quartic(*sampled, cwd=tmp_path).returncode == 0
    files, model = [p.name for p in tmp_path.iterdir()], folder / "run.h5"
    for arguments, fragment in [
        (("score", model, "wide.npy"), "has 3 columns without names, the model learned from 2"),
        (("score", model, "other.csv"), "'other.csv' has no column 'height'"),
        (("score", model, "gap.csv"), "nan in row 1, column 1 (height), counted from 0"),
        (("score", "off.h5", "other.csv"), "knows no ln Z"),
        (("score", "s.h5", "other.csv"), "did not learn from data"),
        (("score", model, folder / "table.csv", "-o", "s.txt"), "'.txt'"),
        (("score", model, folder / "table.csv", "-o", "wide.npy"), "exists already"),
        (("generate", model, "-o", "new.parquet"), "'.parquet'"),
        (("transform", model, folder / "table.csv", "-o", "new"), "no suffix"),
    ]:
        refused(quartic(*arguments, cwd=tmp_path), 3, fragment, tmp_path, files)
    assert np.load(tmp_path / "wide.npy").shape == (4, 3)
    assert "only complete rows have ln p" in quartic("score", model, "gap.csv", cwd=tmp_path).stderr


def test_fit_names_the_column_that_it_refuses(tmp_path):
    (tmp_path / "table.csv").write_text("width,height\n" + "".join(f"{n % 7},2.5\n" for n in range(40)))
    (tmp_path / "run.toml").write_text(NETWORK.replace('scaling = "standardise"', ""))
    files = ["run.toml", "table.csv"]
    for scaling, fragment in (
        ("none", "column 1 (height) of the data does not vary"),
        ("auto", "1 constant column (1 (height))"),
    ):
        done = quartic("fit", "run.toml", "--set", f"data.scaling={scaling}", cwd=tmp_path)
        refused(done, 3, fragment, tmp_path, files)


def test_fit_warns_of_an_index(made, tmp_path):
    folder, _ = made
    (tmp_path / "table.csv").write_bytes((folder / "table.csv").read_bytes())
    (tmp_path / "run.toml").write_text(NETWORK.replace('columns = ["width", "height"]', 'columns = "0-2"'))
    done = quartic("fit", "run.toml", cwd=tmp_path)
    assert done.returncode == 0 and 'columns = ["width", "height"] leaves it out' in done.stderr
    assert "quartic: warning: " in done.stderr and "index" in done.stderr
    done = quartic("fit", "run.toml", "--quiet", "--force", "-o", "run.h5", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    for verb in ("show", "diagnose"):
        assert 'looks like an index of the rows, no data; [data] columns = ["width", "height"]' in quartic(
            verb, "run.h5", cwd=tmp_path
        ).stdout  # fmt: skip
