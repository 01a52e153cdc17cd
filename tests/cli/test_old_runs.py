"""Run files of quartic 0.1.0 (tests/old_runs) are still read, in the words of today."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from program import needs_program
from program import quartic as program

import quartic

pytestmark = needs_program
OLD = Path(__file__).parents[1] / "old_runs"
KINDS = ("learn", "fit", "network", "stack", "sample", "reweight")


@pytest.mark.parametrize("kind", KINDS)
def test_shown_and_diagnosed(kind):
    for verb in ("show", "diagnose"):
        done = program(verb, OLD / f"{kind}.h5", cwd=OLD)
        if verb == "show" or kind != "reweight":
            assert done.returncode == 0 and done.stdout, done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_config_comes_in_the_words_of_today(kind, tmp_path):
    config = program("show", OLD / f"{kind}.h5", "--config", cwd=tmp_path).stdout
    assert not re.search('judging|regularisation|most_draws|least_b|deep|"heat', config)
    config = config.replace("/old_runs/rows.csv", str(OLD / "rows.csv"))
    (tmp_path / "again.toml").write_text(config)
    again = program("validate", "again.toml", "--effective", cwd=tmp_path)
    assert again.returncode == 0 and again.stdout == config, again.stderr


@pytest.mark.parametrize("kind", ["learn", "fit", "network", "stack", "sample"])
def test_their_configs_are_refused_with_what_to_write(kind, tmp_path):
    done = program("validate", OLD / f"{kind}.toml", "--effective", cwd=tmp_path)
    assert done.returncode == 3 and "was renamed to" in done.stderr and "hint: write" in done.stderr


def test_python_has_the_names_of_today():
    read = {kind: quartic.open(OLD / f"{kind}.h5") for kind in KINDS}
    assert {kind: run.kind for kind, run in read.items()} == {kind: kind for kind in KINDS}
    assert {"max_step", "ridge"} <= set(read["learn"].history) and "max_step" in read["fit"].history
    assert "max_weight" in read["network"].history
    assert {"log_likelihood_rows_error", "held_out_rows_error"} <= set(read["network"].evaluations)
    assert {"bound_rows_error", "bound_held_out_rows_error"} <= set(read["stack"].bounds)
    assert {"specific_heat", "binder_cumulant", "correlation_length"} <= set(read["sample"].observables)
    for kind in ("learn", "network", "stack"):
        assert read[kind].stop_reason == "epochs_exhausted"
    assert read["sample"].stop_reason == "draws_done"
    assert "evaluations" in read["stack"].data["layer_1"].children


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_drawn(kind, tmp_path):
    plot = pytest.importorskip("quartic.plot")
    assert plot.main([str(OLD / f"{kind}.h5"), "-o", str(tmp_path)]) == 0
    drawn = {"learn": 5, "fit": 5, "network": 5, "stack": 6, "sample": 3, "reweight": 1}
    assert len(list(tmp_path.iterdir())) == drawn[kind]


@pytest.mark.parametrize(("kind", "more"), [("learn", ("--epochs", 5)), ("sample", ("--draws", 32))])
def test_goes_on_in_the_layout_of_today(kind, more, tmp_path):
    shutil.copy(OLD / f"{kind}.h5", tmp_path)
    done = program("resume", f"{kind}.h5", *more, "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = quartic.open(tmp_path / f"{kind}.h5")
    assert run.provenance["layout_version"] == 8
    assert run.history["epoch"].values[-1] == 5 if kind == "learn" else run.draws == 32


def test_a_density_of_0_2_gives_the_ln_p_that_it_gave(tmp_path):
    """Behind powers that go straight on beyond the rows, where those of today go on as a fourth root."""
    rows = [[2.0409, 9.7612], [0.4181, 9.2802], [-0.4526, 9.2653], [0, 12], [5, 30], [-4, -60], [40, 9]]
    (tmp_path / "new.csv").write_text("".join(f"{x},{y}\n" for x, y in rows))
    done = program("score", OLD / "density.h5", "new.csv", "-o", "scores.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    scores = [float(line.split(",")[1]) for line in (tmp_path / "scores.csv").read_text().splitlines()[1:]]
    near, far = [-4.51595261536, -1.53505054428, -1.42373318438], [-18.7977800828, -885.813157686, -34.4148232991]
    assert scores == pytest.approx([*near, *far, -26917.9781733], rel=1e-6)
    scaling = quartic.open(OLD / "density.h5").scaling
    assert scaling.from_model(scaling.to_model(rows)) == pytest.approx(np.array(rows), rel=1e-9)
