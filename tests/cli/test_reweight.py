"""quartic reweight as a user meets it: targets, scans, several runs, verdicts, refusals."""

import json
import re

import numpy as np
import pytest
from program import needs_program, quartic, refused

from quartic import open as open_run

pytestmark = needs_program

SMALL = "[graph]\nextent = [3, 3]\n[sampler]\nchains = 256\n[certificate]\nchains = 64\nsteps = 20\ndraws = 16\n"
TARGET = "".join(
    f"[[target]]\nterm = '{term}'\ncoupling = {g}\n" for term, g in (("nn", -1.0), ("phi2", 1.52425), ("phi4", 0.175))
)
A3 = "nn=-1,phi2=1.52425,phi4=0.175"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reweight")
    (folder / "run.toml").write_text(SMALL + TARGET)
    for name, coupling in (("a", -1.0), ("b", -0.9)):
        terms = {"nn": coupling, "phi2": 1.52425, "phi4": 0.175}
        target = ", ".join(f"{{term='{term}', coupling={g}}}" for term, g in terms.items())
        done = quartic("learn", "run.toml", "-o", f"{name}.h5", "--quiet", "--set", f"target=[{target}]", cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def points(here, *arguments, code=0):
    done = quartic("reweight", *arguments, "--json", cwd=here)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)["points"]


def test_to_its_own_target(here):
    (point,) = points(here, "a.h5")
    assert point["ok"] and point["weight_ess"]["value"] > 0.9999
    assert point["phase"] == {"value": 1.0, "error": 0.0}
    (same,) = points(here, "a.h5", "--to", A3)
    assert same["observables"] == point["observables"]
    (from_config,) = points(here, "a.h5", "--to", "run.toml")
    assert from_config["observables"] == point["observables"]


def test_a_sample_is_scanned_from_its_own_action(here):
    (here / "s.toml").write_text(SMALL + "[action]\nw = 1.0\na = 1.52425\nb = 0.175\n[sample]\ndraws = 20\n")
    assert quartic("sample", "s.toml", "--quiet", cwd=here).returncode == 0
    scan = ("--scan", "phi2=1.5:1.6:3")
    assert points(here, "s.h5", *scan) == points(here, "s.h5", "--to", A3, *scan)
    at_itself = quartic("reweight", "s.h5", "--to", A3, cwd=here).stdout
    assert re.search(r"  0 +1 +ok\n", at_itself)  # F_B - F_S and the weight ESS, without rounding
    done = quartic("reweight", "s.h5", cwd=here)
    assert done.returncode == 2 and f"--to {A3}, which is its own action" in done.stderr


def test_complex_coupling(here):
    exact = {"phi2": (0.811101809, -0.350453602), "phi4": (1.2348089, -0.891763804)}  # 3x3, i*0.15 sum phi^2
    for coupling in ("1.52425+0.15i", "1.52425 + .15*i", "1.52425+15e-2i"):
        (point,) = points(here, "a.h5", "--to", f"nn=-1,phi2={coupling},phi4=0.175", "--observables", "phi2,phi4")
        assert point["couplings"]["phi2"] == [1.52425, 0.15] and point["ok"], point["reason"]
        for name, (real, imag) in exact.items():
            for part, value in (("real", real), ("imag", imag)):
                found = point["observables"][name][part]
                assert abs(found["value"] - value) < 4 * found["error"]


def test_annealed_to_a_complex_action(here):
    arguments = ("--to", "nn=-1,phi2=1.52425+0.15i,phi4=0.175", "--observables", "phi2,phi4")
    done = quartic("reweight", "b.h5", *arguments, "--anneal", "-o", "in-steps.h5", "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout.splitlines()[-1])
    assert run["annealed"]["ok"] and run["annealed"]["steps"] >= 10
    (point,) = run["points"]
    (at_once,) = points(here, "b.h5", *arguments)
    assert point["ok"] and point["weight_ess"]["value"] > at_once["weight_ess"]["value"]
    exact = {"phi2": (0.811101809, -0.350453602), "phi4": (1.2348089, -0.891763804)}
    for name, (real, imag) in exact.items():
        for part, value in (("real", real), ("imag", imag)):
            found = point["observables"][name][part]
            assert abs(found["value"] - value) < 4 * found["error"]
    ratio, same = point["log_ratio"]["real"], at_once["log_ratio"]["real"]
    assert abs(ratio["value"] - same["value"]) < 4 * (ratio["error"] + same["error"])
    (again,) = points(here, "in-steps.h5", *arguments)
    assert again["observables"] == point["observables"]


def test_annealing_refused(here):
    quartic("reweight", "b.h5", "--anneal", "-o", "own.h5", "--force", "--quiet", cwd=here)
    files = [path.name for path in here.iterdir()]
    refused(quartic("reweight", "own.h5", "--anneal", cwd=here), 3, "annealed already", here, files)
    refused(quartic("reweight", "a.h5", "b.h5", "--anneal", cwd=here), 2, "one run", here, files)
    refused(quartic("reweight", "a.h5", "--to", "phi6=1", "--anneal", cwd=here), 3, "no action", here, files)


def test_scan_says_where_it_is_lost(here):
    text = quartic("reweight", "a.h5", "--scan", "nnn=-0.5:0:6", cwd=here).stdout
    rows = [line for line in text.splitlines() if line.startswith(("-0.", "0 "))]
    assert len(rows) == 6 and "NOT ok: " in rows[0] and rows[-1].endswith("ok")
    assert quartic("reweight", "a.h5", "--scan", "nnn=-0.5:0:6", "--strict", "--quiet", cwd=here).returncode == 5
    assert quartic("reweight", "a.h5", "--strict", "--quiet", cwd=here).returncode == 0


def test_threads_do_not_change_bits(here):
    one, two = (points(here, "a.h5", "--scan", "phi2=1.5:1.52+0.2i:5", "--threads", n) for n in (1, 2))
    assert one == two


def test_several_runs(here):
    (alone,), (other,) = (points(here, name, "--to", "nn=-0.95,phi2=1.52425,phi4=0.175") for name in ("a.h5", "b.h5"))
    (both,) = points(here, "a.h5", "b.h5", "--to", "nn=-0.95,phi2=1.52425,phi4=0.175")
    assert both["ok"], both["reason"]
    for name, value in both["observables"].items():
        error = value["real"]["error"]
        for single in (alone, other):
            assert error < single["observables"][name]["real"]["error"]
        assert abs(value["real"]["value"] - alone["observables"][name]["real"]["value"]) < 8 * error


def test_run_file_and_figure(here):
    done = quartic("reweight", "a.h5", "--scan", "nnn=-0.1:0:5", "-o", "scan.h5", "--force", cwd=here)
    assert done.returncode == 0, done.stderr
    assert quartic("show", "scan.h5", cwd=here).stdout == done.stdout
    shown = json.loads(quartic("show", "scan.h5", "--json", cwd=here).stdout)
    run = open_run(here / "scan.h5")
    assert run.scanned == "nnn" and run.terms == ["nn", "phi2", "phi4", "nnn"]
    assert list(run.array("results/source")) == ["a.h5"]
    np.testing.assert_array_equal(run.couplings[:, 3], np.linspace(-0.1, 0, 5))
    averages = {name: run[name] for name in run.observables}
    assert all(len(points) == 5 for points in averages.values()) and not run.couplings.imag.any()
    for k, point in enumerate(shown["points"]):
        assert point["observables"].keys() == averages.keys()
        for name, parts in point["observables"].items():
            assert parts["real"] == averages[name][k].real._asdict()
        assert point["ok"] == run.array("results/ok")[k]
    assert quartic("diagnose", "scan.h5", cwd=here).returncode == 0
    plot = pytest.importorskip("quartic.plot")
    for name, extra in (
        ("scan", []),
        ("complex", ["--scan", "phi2=1.52425:1.52425+0.3i:4"]),
        ("point", []),
        ("annealed", ["--anneal"]),
    ):
        if name != "scan":
            quartic("reweight", "a.h5", *extra, "-o", f"{name}.h5", "--force", cwd=here)
        assert plot.main([str(here / f"{name}.h5"), "-o", str(here / name)]) == 0
        assert (here / name / "reweight.png").stat().st_size > 10000
    drawn = dict(plot.DRAWERS["reweight"].figures(open_run(here / "point.h5")))["reweight"]
    texts = [text.get_text() for axes in drawn.axes for text in axes.texts]
    assert any(text.startswith("$F_B-F_S") for text in texts) and "B = −1 nn + " in drawn.get_suptitle()


REFUSED = [
    (["--to", "nm=-1"], 3, "unknown term 'nm'"),
    (["--to", "plaquete=1"], 3, "unknown term 'plaquete'"),
    (["--to", "nn=-1,phi2=1,phi4=-0.1"], 3, "cannot be normalised"),
    (["--to", "nn=-1"], 3, "cannot be normalised"),
    (["--to", "nn=1+"], 2, "cannot read '1+'"),
    (["--to", "nn=-1,nn=2"], 2, "twice"),
    (["--to", "nn="], 2, "--to nn"),
    (["--to", "none.toml"], 3, "none.toml"),
    (["--to", "pairs=1,phi4=1"], 3, "displacement"),
    (["--scan", "nnn=0:1"], 2, "--scan"),
    (["--scan", "nnn=0:1:1"], 2, "from 2 to"),
    (["--scan", "nnn=0:1:2.5"], 2, "--scan"),
    (["--scan", "nnn=a:1:3"], 2, "--scan"),
    (["--scan", "nnnn=0:1:3"], 3, "unknown term 'nnnn'"),
    (["--observables", "phi3"], 3, "unknown observable 'phi3'"),
    (["none.h5"], 3, "none.h5"),
    (["-o", "nowhere/out.h5"], 3, "no directory"),
]


@pytest.mark.parametrize(("arguments", "code", "fragment"), REFUSED)
def test_refused(here, arguments, code, fragment):
    files = [path.name for path in here.iterdir()]
    refused(quartic("reweight", "a.h5", *arguments, cwd=here), code, fragment, here, files)


def test_runs_that_do_not_fit(here):
    (here / "chain.toml").write_text(
        SMALL.replace("[3, 3]", "[9]").replace("[graph]", "[graph]\nlattice = 'chain'") + TARGET
    )
    assert quartic("learn", "chain.toml", "--quiet", "--force", cwd=here).returncode == 0
    bare = quartic(
        "learn", "run.toml", "--set", "certificate.enabled=false", "-o", "bare.h5", "--quiet", "--force", cwd=here
    )
    assert bare.returncode == 0
    files = [path.name for path in here.iterdir()]
    refused(quartic("reweight", "a.h5", "chain.h5", cwd=here), 3, "same sites", here, files)
    refused(quartic("reweight", "bare.h5", cwd=here), 3, "no configurations", here, files)
    refused(quartic("reweight", "chain.h5", "--to", A3 + ",nnn=1", cwd=here), 3, "diagonal", here, files)
    refused(quartic("reweight", "chain.h5", "--to", A3 + ",plaquette=0.01", cwd=here), 3, "plaquette", here, files)
