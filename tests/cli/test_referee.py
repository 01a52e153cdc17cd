"""quartic judge as a user meets it: files, verdicts, exit codes, refusals."""

import json

import numpy as np
import pytest
from program import needs_program, quartic, refused

pytestmark = needs_program

CONFIG = "[graph]\nextent = [4, 4]\n[sampler]\nchains = 256\n[action]\nw = 0.0\na = 1.0\nb = 0.0\n"
JUDGE = ("--action", "run.toml")


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.toml").write_text(CONFIG)
    phi = np.random.default_rng(1).normal(0, 0.5**0.5, (3000, 4, 4))
    np.save(tmp_path / "phi.npy", phi)
    return tmp_path


def verdict(here, *arguments, code=0):
    done = quartic("judge", *arguments, *JUDGE, "--json", cwd=here)
    assert done.returncode == code, done.stderr + done.stdout
    return json.loads(done.stdout.splitlines()[-1])


def test_table(here):
    done = quartic("judge", "phi.npy", *JUDGE, cwd=here)
    assert done.returncode == 0, done.stdout
    for word in ("Schwinger-Dyson, terms", "sign symmetry", "translations", "modes", "repeats", "passed: p ="):
        assert word in done.stdout
    assert "FAILED" not in done.stdout
    wrong = quartic("judge", "phi.npy", *JUDGE, "--set", "action.a=1.05", cwd=here).stdout
    for said in (done.stdout, wrong):
        table = said.partition("passed:")[0].partition("WRONG:")[0].splitlines()
        assert max(map(len, table)) <= 100, said
        assert {line.split()[-1] for line in table if line.startswith(("sites", "sign"))} <= {"ok", "FAILED"}


def test_wrong_fields_exit_with_5(here):
    done = quartic("judge", "phi.npy", *JUDGE, "--set", "action.a=1.05", cwd=here)
    assert done.returncode == 5
    assert "WRONG: p =" in done.stdout and "as if all a were" in done.stdout and "too weak" in done.stdout
    found = verdict(here, "phi.npy", "--set", "action.a=1.05", code=5)
    assert not found["ok"] and found["event"] == "judgement"
    (a,) = [c for c in found["couplings"] if c["name"] == "all a"]
    assert abs(a["change"]["value"] + 0.05) < 5 * a["change"]["error"] and a["sufficient"]


def test_same_verdict_from_every_format(here):
    h5py = pytest.importorskip("h5py")
    phi = np.load(here / "phi.npy").astype(np.float32)
    np.save(here / "flat.npy", phi.reshape(-1, 16))
    np.savez(here / "all.npz", phi=phi, logq=np.zeros(3000))
    with h5py.File(here / "all.h5", "w") as file:
        file["a/phi"], file["other"] = phi, phi[:5]
    found = [
        verdict(here, "flat.npy"), verdict(here, "all.npz", "--dataset", "phi"),
        verdict(here, "all.h5", "--dataset", "a/phi"),
    ]  # fmt: skip
    assert found[0] == found[1] == found[2]


def test_a_run_of_quartic(here):
    settings = ("--set", "action.w=0.4", "--set", "action.b=0.2")
    assert quartic("sample", "run.toml", *settings, "--set", "sample.draws=60", cwd=here).returncode == 0
    done = quartic("judge", "run.h5", "--action", "run.h5", "--json", cwd=here)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["draws"] == 60
    assert quartic("judge", "run.h5", *JUDGE, *settings, "--set", "action.w=0.36", cwd=here).returncode == 5


def test_logq_and_target(here):
    phi = np.random.default_rng(2).normal(0, 0.75, (3000, 16))
    np.save(here / "wide.npy", phi)
    np.save(here / "logq.npy", -0.5 * (phi**2).sum(1) / 0.75**2)
    found = verdict(here, "wide.npy", "--logq", "logq.npy")
    assert found["weights"]["p_value_as_they_are"] < 1e-6
    assert abs(found["weights"]["ess"]["value"] - (2 / 1.125 - 1 / 1.125**2) ** 8) < 0.05
    (here / "run.toml").write_text(CONFIG + "[[target]]\nterm = 'phi2'\ncoupling = 1.2\n")
    assert not verdict(here, "phi.npy", "--to-target", code=5)["ok"]


def test_refusals(here):
    np.save(here / "short.npy", np.zeros((100, 15)))
    np.save(here / "few.npy", np.zeros((10, 16)))
    files = ("run.toml", "phi.npy", "short.npy", "few.npy")
    refused(quartic("judge", "short.npy", *JUDGE, cwd=here), 3, "shape (100, 15)", here, files)
    refused(quartic("judge", "few.npy", *JUDGE, cwd=here), 3, "too few", here, files)
    refused(quartic("judge", "none.npy", *JUDGE, cwd=here), 3, "no such file", here, files)
    refused(quartic("judge", "phi.npy", *JUDGE, "--level", "2", cwd=here), 2, "level", here, files)
    refused(quartic("judge", "phi.npy", *JUDGE, "--logq", "few.npy", cwd=here), 3, "logq has 160", here, files)
