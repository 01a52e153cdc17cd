"""quartic sample and diagnose as a user meets them: the table, stopping, restart to the bit."""

import json
import signal
import time

import numpy as np
import pytest
from program import contents, needs_program, ok, quartic, refused, same_bits, started

pytestmark = needs_program

# Weakly coupled: quick to equilibrate, far from any phase transition.
MODEL = "[action]\nw = 0.4\na = 1.0\nb = 0.2\n"
SMALL = "[graph]\nextent = [4, 4]\n[sampler]\nchains = 64\n" + MODEL
DRAWS = "[sample]\ndraws = 200\n"
# Long enough to be interrupted; the fields fill their place more than once.
LONG = "[graph]\nextent = [8, 8]\n[sampler]\nchains = 128\n[sample]\ndraws = 10000\n[output]\ndraws = 20\n" + MODEL


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.toml").write_text(SMALL + DRAWS)
    return tmp_path


def test_table(here):
    text = ok("sample", "run.toml", cwd=here).stdout
    for word in (
        "observable",
        "tau",
        "ESS",
        "R-hat",
        "verdict",
        "m2",
        "effective samples/s",
        "site updates/s",
        "seed 1",
    ):
        assert word in text
    assert "NOT" not in text
    shown = ok("show", "run.h5", cwd=here).stdout
    assert shown in text
    summary = json.loads(ok("show", "run.h5", "--json", cwd=here).stdout)
    assert summary["draws"] == 200 and summary["stop_reason"] == "draws_done"
    for observable in summary["observables"].values():
        assert {"value", "error", "tau", "ess", "r_hat", "ok", "reason"} <= observable.keys()
        assert observable["error"] >= 0


def test_values_of_uncoupled_sites_are_the_exact_ones(here):
    """w = 0: <phi^2> of the quartic density by quadrature."""
    (here / "run.toml").write_text(SMALL.replace("0.4", "0.0") + "[sample]\ndraws = 500\n")
    found = json.loads(ok("sample", "run.toml", "--json", cwd=here).stdout.splitlines()[-1])["observables"]["phi2"]
    x = np.linspace(-6, 6, 4001)
    p = np.exp(-(x**2) - 0.2 * x**4)
    exact = (x**2 * p).sum() / p.sum()
    assert abs(found["value"] - exact) < 4 * found["error"] < 0.02


def test_quiet_and_json(here):
    done = ok("sample", "run.toml", "--quiet", cwd=here)
    assert (done.stdout, done.stderr) == ("", "")
    events = [json.loads(line) for line in ok("sample", "run.toml", "--force", "--json", cwd=here).stdout.splitlines()]
    assert events[0]["event"] == "stage" and events[-1]["event"] == "summary"


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("[sample]\ndraw = 3\n", "run.toml:2: unknown key 'draw' in [sample]; did you mean 'draws'?"),
        ("[sample]\nuntil = 'm3'\n", "no observable 'm3'; did you mean 'm"),
        ("[sample]\nuntil = 'm'\n" + MODEL, "the mean of m is 0"),
        ("[sample]\nrelative_error = 0.1\n", "needs until"),
        ("[action]\nb = -0.1\n", "run.toml:2: 'b' must be a number >= 0"),
        ("[sampler]\nhmc_steps = 3\nmetropolis_hits = 3\n", "exclude each other"),
    ],
)
def test_bad_config(here, text, fragment):
    (here / "run.toml").write_text(text)
    refused(quartic("sample", "run.toml", cwd=here), 3, fragment, here)


def test_missing_existing_and_foreign_files(here):
    refused(quartic("sample", "no.toml", cwd=here), 3, "no.toml", here)
    refused(quartic("diagnose", "no.h5", cwd=here), 3, "no.h5", here)
    (here / "run.h5").write_text("precious")
    refused(quartic("sample", "run.toml", cwd=here), 3, "exists already", here, ("run.toml", "run.h5"))
    for verb in ("diagnose", "show", "resume", "sample", "plot"):
        refused(quartic(verb, "run.h5", cwd=here), 3, "not a whole quartic run file", here, ("run.toml", "run.h5"))
    assert (here / "run.h5").read_text() == "precious"


def test_damaged_file(here):
    ok("sample", "run.toml", "--quiet", cwd=here)
    data = bytearray((here / "run.h5").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (here / "run.h5").write_bytes(data)
    refused(quartic("diagnose", "run.h5", cwd=here), 3, "checksum is wrong", here, ("run.toml", "run.h5"))


def test_threads_do_not_change_bits(here):
    (here / "run.toml").write_text(LONG.replace("10000", "60").replace("chains = 128", "chains = 1024"))
    for threads in (1, 2):
        ok("sample", "run.toml", "--quiet", "--threads", threads, "-o", f"{threads}.h5", cwd=here)
    same_bits(here / "1.h5", here / "2.h5")
    ok("sample", "run.toml", "--quiet", "--seed", 2, "-o", "other.h5", cwd=here)
    assert (contents(here / "1.h5")["posterior/phi"] != contents(here / "other.h5")["posterior/phi"]).any()


def stop(process, how):
    """Stops a run in the middle, saved."""
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 6, errors
    assert "quartic resume stopped.h5" in errors


def draws_of(here):
    return json.loads(ok("show", "stopped.h5", "--json", cwd=here).stdout)["draws"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_interrupted_and_resumed_gives_the_same_bits(here, how):
    (here / "run.toml").write_text(LONG)
    stop(started(here, "draw", "sample", "run.toml", "-o", "stopped.h5"), how)
    assert 0 < draws_of(here) < 10000
    ok("resume", "stopped.h5", "--quiet", cwd=here)
    ok("sample", "run.toml", "--quiet", "-o", "whole.h5", cwd=here)
    same_bits(here / "stopped.h5", here / "whole.h5")
    assert len(contents(here / "whole.h5")["posterior/draw"]) <= 20


def test_killed_twice_and_resumed_gives_the_same_bits(here):
    """Once before the first checkpoint with draws, once after one."""
    (here / "run.toml").write_text(LONG)
    process = started(here, "draw", "sample", "run.toml", "-o", "stopped.h5")
    process.kill()
    process.communicate()
    stop(started(here, "draw", "resume", "stopped.h5"), signal.SIGINT)
    before = draws_of(here)
    process = started(here, "draw", "resume", "stopped.h5")
    process.kill()
    process.communicate()
    assert draws_of(here) == before > 0
    ok("resume", "stopped.h5", "--quiet", cwd=here)
    ok("sample", "run.toml", "--quiet", "-o", "whole.h5", cwd=here)
    same_bits(here / "stopped.h5", here / "whole.h5")


@pytest.mark.parametrize(
    "settings", [["sampler.rungs=2"], ["sampler.hmc_steps=3"], ["sampler.precision=float64", "sample.thin=3"]]
)
def test_stopped_and_resumed_with_other_moves(here, settings):
    options = [word for setting in settings for word in ("--set", setting)]
    (here / "run.toml").write_text(SMALL + "[sample]\nwarm_up = 20\ndraws = 30\n")
    ok("sample", "run.toml", "--quiet", *options, "-o", "part.h5", cwd=here)
    ok("resume", "part.h5", "--draws", 50, "--quiet", cwd=here)
    ok("sample", "run.toml", "--quiet", *options, "--set", "sample.draws=50", "-o", "whole.h5", cwd=here)
    same_bits(here / "part.h5", here / "whole.h5")


def test_finished_run_can_be_extended(here):
    ok("sample", "run.toml", "--quiet", cwd=here)
    assert "--draws N extends it" in ok("resume", "run.h5", cwd=here).stderr
    files = ("run.toml", "run.h5")
    refused(quartic("resume", "run.h5", "--draws", 200, cwd=here), 3, "has 200 draws already", here, files)
    refused(quartic("resume", "run.h5", "--epochs", 300, cwd=here), 2, "--epochs does not extend", here, files)
    refused(quartic("resume", "run.h5", "--seed", 2, cwd=here), 2, "own config", here, files)


def test_max_hours_saves(here):
    done = quartic("sample", "run.toml", "--max-hours", 1e-9, cwd=here)
    assert done.returncode == 6 and "quartic resume run.h5" in done.stderr
    ok("resume", "run.h5", "--quiet", cwd=here)
    ok("sample", "run.toml", "--quiet", "-o", "whole.h5", cwd=here)
    same_bits(here / "run.h5", here / "whole.h5")


def test_until_a_relative_error(here):
    (here / "run.toml").write_text(SMALL + "[sample]\nuntil = 'm2'\nrelative_error = 0.02\n")
    ok("sample", "run.toml", "--quiet", cwd=here)
    found = json.loads(ok("show", "run.h5", "--json", cwd=here).stdout)
    m2 = found["observables"]["m2"]
    assert found["stop_reason"] == "relative_error" and m2["ok"]
    assert m2["error"] <= 0.02 * m2["value"]
    # Half the error takes about four times the draws.
    ok("sample", "run.toml", "--quiet", "--set", "sample.relative_error=0.01", "-o", "more.h5", cwd=here)
    more = json.loads(ok("show", "more.h5", "--json", cwd=here).stdout)
    assert 2 * found["draws"] < more["draws"]


def test_until_a_time(here):
    (here / "run.toml").write_text(SMALL + "[sample]\nwarm_up = 10\ndraws = 100000000\nmax_seconds = 1\n")
    start = time.monotonic()
    text = ok("sample", "run.toml", cwd=here).stdout
    assert time.monotonic() - start < 30 and "stopped by max_seconds" in text


def test_a_run_that_is_too_short_says_so(here):
    """Near the critical point with local moves alone tau is far beyond ten draws."""
    critical = "[graph]\nextent = [16, 16]\n[action]\nkappa = 1\nmu2 = -0.9515\nlambda = 0.7\n"
    local = "[sampler]\nchains = 64\ncluster = 'none'\nreflections = 0\n[sample]\nwarm_up = 100\ndraws = 10\n"
    (here / "run.toml").write_text(critical + local)
    text = ok("sample", "run.toml", cwd=here).stdout
    assert "NOT ok" in text and "draws" in text
    done = quartic("diagnose", "run.h5", "--strict", cwd=here)
    assert done.returncode == 5 and "FAILED" in done.stdout and "quartic resume RUN --draws" in done.stdout
    assert ok("diagnose", "run.h5", cwd=here).stdout == done.stdout


def test_diagnose_of_a_good_sample(here):
    (here / "run.toml").write_text(SMALL + "[sample]\ndraws = 500\n")
    ok("sample", "run.toml", "--quiet", cwd=here)
    text = ok("diagnose", "run.h5", "--strict", cwd=here).stdout
    for word in ("R-hat", "ESS", "draws / tau", "window", "acceptance", "sign symmetry <m>", "virial", "passed"):
        assert word in text
    checks = [json.loads(line) for line in ok("diagnose", "run.h5", "--json", cwd=here).stdout.splitlines()]
    assert all(check["ok"] for check in checks)
    virial = next(check for check in checks if check["check"].startswith("virial"))
    assert abs(virial["value"] - 1) < 5 * virial["error"] < 0.1


def test_diagnose_finds_a_wrong_sample(here):
    """Couplings that are not those that were sampled: the virial identity breaks."""
    h5py = pytest.importorskip("h5py")
    ok("sample", "run.toml", "--quiet", cwd=here)
    with h5py.File(here / "run.h5", "r+") as file:
        file["model/w"][...] *= 1.3
    done = quartic("diagnose", "run.h5", "--strict", "--json", cwd=here)
    failed = [check for check in map(json.loads, done.stdout.splitlines()) if not check["ok"]]
    assert done.returncode == 5
    names = [check["check"] for check in failed]
    assert names[0] == "virial <phi dS/dphi>" and all(name.startswith("Schwinger-Dyson") for name in names[1:])


def test_learned_model_is_sampled_and_diagnosed(here):
    target = "".join(
        f"[[target]]\nterm = '{t}'\ncoupling = {g}\n" for t, g in (("nn", -0.4), ("phi2", 1), ("phi4", 0.2))
    )
    (here / "learn.toml").write_text(
        "[graph]\nextent = [3, 3]\n[sampler]\nchains = 64\n[certificate]\nchains = 64\n" + target
    )
    ok("learn", "learn.toml", "--quiet", cwd=here)
    text = ok("diagnose", "learn.h5", "--strict", cwd=here).stdout
    for word in ("converged", "ridge", "weight ESS", "annealing ESS", "gap", "virial"):
        assert word in text
    ok("sample", "learn.h5", "--quiet", "--set", "sampler.chains=32", "--set", "sample.draws=50", cwd=here)
    learned, sampled = contents(here / "learn.h5"), contents(here / "learn-sample.h5")
    for kind in "wrab":
        assert (learned[f"model/{kind}"] == sampled[f"model/{kind}"]).all()
    assert sampled["posterior/phi"].shape[0] == 32
    # And the model of a sample again.
    ok("sample", "learn-sample.h5", "--quiet", "-o", "again.h5", cwd=here)
    same_bits(here / "learn-sample.h5", here / "again.h5")
    done = quartic("sample", "learn.h5", "--set", "action.w=1", "-o", "no.h5", cwd=here)
    assert done.returncode == 2 and "couplings are those of" in done.stderr


def test_xarray_and_arviz_open_it(here):
    xarray, _ = pytest.importorskip("xarray"), pytest.importorskip("h5netcdf")
    ok("sample", "run.toml", "--quiet", cwd=here)
    for group in ("posterior", "sample_stats", "model", "results", "measurement", "provenance", "checkpoint", "/"):
        with xarray.open_dataset(here / "run.h5", group=group, engine="h5netcdf") as data:
            if group == "posterior":
                assert data.phi.dims == ("chain", "draw", "site") and data.m.dims == ("chain", "draw")
                np.testing.assert_allclose(data.m, data.phi.mean("site"), rtol=1e-4, atol=1e-6)
                np.testing.assert_allclose(data.phi4, (data.phi**4).mean("site"), rtol=1e-4)
            if group == "results":
                assert float(data.value.sel(observable="m2")) > 0
    arviz = pytest.importorskip("arviz")
    inference = arviz.from_netcdf(str(here / "run.h5"), engine="h5netcdf")
    assert "phi2" in inference.posterior and "lp" in inference.sample_stats
