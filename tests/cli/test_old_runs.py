"""Run files of quartic 0.1.0 (tests/old_runs) are still read, in the words of today."""

import re
import shutil
from pathlib import Path

import pytest
from program import needs_program, quartic

from quartic import run as run_file

pytestmark = needs_program
OLD = Path(__file__).parents[1] / "old_runs"
KINDS = ("learn", "fit", "network", "stack", "sample", "reweight")


@pytest.mark.parametrize("kind", KINDS)
def test_shown_and_diagnosed(kind):
    for verb in ("show", "diagnose"):
        done = quartic(verb, OLD / f"{kind}.h5", cwd=OLD)
        if verb == "show" or kind != "reweight":
            assert done.returncode == 0 and done.stdout, done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_config_comes_in_the_words_of_today(kind, tmp_path):
    config = quartic("show", OLD / f"{kind}.h5", "--config", cwd=tmp_path).stdout
    assert not re.search('judging|regularisation|most_draws|least_b|deep|"heat', config)
    config = config.replace("/old_runs/rows.csv", str(OLD / "rows.csv"))
    (tmp_path / "again.toml").write_text(config)
    again = quartic("validate", "again.toml", "--effective", cwd=tmp_path)
    assert again.returncode == 0 and again.stdout == config, again.stderr


@pytest.mark.parametrize("kind", ["learn", "fit", "network", "stack", "sample"])
def test_their_configs_are_refused_with_what_to_write(kind, tmp_path):
    done = quartic("validate", OLD / f"{kind}.toml", "--effective", cwd=tmp_path)
    assert done.returncode == 3 and "was renamed to" in done.stderr and "hint: write" in done.stderr


def test_python_has_the_names_of_today():
    read = {kind: run_file.read(OLD / f"{kind}.h5") for kind in KINDS}
    assert {"max_step", "ridge"} <= set(read["learn"].history) and "max_step" in read["fit"].history
    assert "max_weight" in read["network"].history
    assert {"log_likelihood_rows_error", "held_out_rows_error"} <= set(read["network"].evaluations)
    assert {"bound_rows_error", "bound_held_out_rows_error"} <= set(read["stack"].bounds)
    assert {"specific_heat", "binder_cumulant", "correlation_length"} <= set(read["sample"].observables)
    for kind in ("learn", "network", "stack"):
        assert read[kind].verdict["stop_reason"] == "epochs_exhausted"
    assert read["sample"].verdict["stop_reason"] == "draws_done"


@pytest.mark.parametrize(("kind", "more"), [("learn", ("--epochs", 5)), ("sample", ("--draws", 32))])
def test_goes_on_in_the_layout_of_today(kind, more, tmp_path):
    shutil.copy(OLD / f"{kind}.h5", tmp_path)
    done = quartic("resume", f"{kind}.h5", *more, "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = run_file.read(tmp_path / f"{kind}.h5")
    assert run.provenance["layout_version"] == 3
    assert run.history["epoch"][-1] == 5 if kind == "learn" else run.draws == 32
