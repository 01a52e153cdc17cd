"""What was passed over in silence, read wrong, or had no end."""

import json
import os
import signal
import struct
import subprocess
import time
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from children import default_signals
from program import A3, NETWORK_CONFIG, QUARTIC, SMALL, needs_program, ok, quartic, refused

pytestmark = needs_program


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.toml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def ran(here):
    ok("sample", "run.toml", "-o", "run.h5", "--quiet", cwd=here)
    return here


FILES = ("run.toml", "run.h5")


@pytest.mark.parametrize("words", [
    ("--to", "nn=-1,phi2=1e31,phi4=0.2"), ("--to", "nn=-1,phi2=1.5+1e200i,phi4=0.2"),
    ("--to", "phi4=1", "--scan", "phi2=1e35:1e36:2"),
])  # fmt: skip
def test_reweight_refuses_what_no_run_file_may_say(ran, words):
    refused(quartic("reweight", "run.h5", *words, "-o", "R.h5", cwd=ran), 3, "the coupling of 'phi2' is", ran, FILES)


def test_couplings_of_a_reweighting_that_are_not_finite_are_refused(ran):
    ok("reweight", "run.h5", "--to", "nn=-1,phi2=1.5,phi4=0.2", "-o", "R.h5", cwd=ran)
    with h5py.File(ran / "R.h5", "r+") as file:
        file["results/coupling_real"][0, 0] = np.inf
    done = quartic("show", "R.h5", cwd=ran)
    assert done.returncode == 3 and "coupling_real and _imag have values that are not finite" in done.stderr


def test_numbers_of_a_report_that_are_none_are_dashes(ran):
    with h5py.File(ran / "run.h5", "r+") as file:
        file["provenance"].attrs["seconds"] = np.nan
    said = ok("show", "run.h5", cwd=ran).stdout
    assert "took -" in said and "nan" not in said


def png(name, depth, rows, palette, transparency=b""):
    """A PNG whose pixels name colours of a palette (W3C's specification, 11.2)."""
    bits = np.array(rows, np.uint8)
    packed = np.unpackbits(bits[:, :, None], axis=2)[:, :, 8 - depth :].reshape(len(bits), -1)
    lines = b"".join(b"\0" + line.tobytes() for line in np.packbits(packed, axis=1))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", bits.shape[1], bits.shape[0], depth, 3, 0, 0, 0)
    parts = [(b"IHDR", head), (b"PLTE", bytes(palette))]
    if transparency:
        parts.append((b"tRNS", transparency))
    parts += [(b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    name.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("transparency", [b"", b"\0\x80"])
def test_colours_of_a_palette(tmp_path, depth, transparency):
    colours = 2**depth
    rng = np.random.default_rng(depth)
    palette = rng.integers(0, 256, (colours, 3))
    rows = rng.integers(0, colours, (7, 9))
    png(tmp_path / "x.png", depth, rows, palette.astype(np.uint8).tobytes(), transparency)
    grey = (palette[rows] @ [0.299, 0.587, 0.114]) / 255  # ITU-R BT.601, whatever is transparent
    np.save(tmp_path / "x.npy", grey.reshape(1, -1).astype(np.float32))
    got, want = (json.loads(ok("data", name, "--json", cwd=tmp_path).stdout) for name in ("x.png", "x.npy"))
    assert [got[key] for key in ("rows", "columns")] == [1, 63]
    for key in ("low", "high", "mean"):
        assert got[key] == pytest.approx(want[key], abs=1e-6), key


@pytest.mark.parametrize("depth", [2, 8])
def test_a_colour_beyond_the_palette_is_refused(tmp_path, depth):
    png(tmp_path / "x.png", depth, [[0, 1], [1, 3]], bytes([9, 9, 9, 7, 7, 7]))
    refused(quartic("data", "x.png", cwd=tmp_path), 3, "a pixel has colour 3 of a palette of 2", tmp_path, ("x.png",))


def test_a_row_may_begin_with_a_spreadsheet_s_error(tmp_path):
    """It is a row; the comments around it are none."""
    (tmp_path / "x.csv").write_text("# of March\na,b\n#N/A,2\n3,4\n# nothing\n5,6\n#N/A,8\n")
    found = json.loads(quartic("data", "x.csv", "--json", cwd=tmp_path).stdout)
    assert (found["rows"], found["names"], found["not_finite"]) == (4, ["a", "b"], 2)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n#DIV/0!,6\n")
    done = quartic("data", "x.csv", cwd=tmp_path)
    assert done.returncode == 3 and "'#DIV/0!'" in done.stderr and "3" in done.stderr, done


def test_man_pages_replace_nothing(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "quartic.1").write_text("mine")
    done = quartic("man", "-o", "own", cwd=tmp_path)
    assert done.returncode == 3 and "exists already" in done.stderr
    assert [page.name for page in (tmp_path / "own").iterdir()] == ["quartic.1"]
    assert (tmp_path / "own" / "quartic.1").read_text() == "mine"
    ok("man", "-o", "own", "--force", cwd=tmp_path)
    assert (tmp_path / "own" / "quartic.1").read_text() != "mine"
    (tmp_path / "file").write_text("mine")
    for output, why in (("file", "exists already"), ("no/such/folder", "there is no directory"), ("/proc/x", "")):
        done = quartic("man", "-o", output, cwd=tmp_path)
        assert done.returncode == 3 and why in done.stderr and "internal" not in done.stderr, done
    assert (tmp_path / "file").read_text() == "mine" and not (tmp_path / "no").exists()


def drawing(folder):
    return subprocess.Popen(
        [QUARTIC, "plot", "run.h5", "-o", "figures"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=default_signals, start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_figures_end_with_the_program(ran, how):
    pytest.importorskip("matplotlib")
    process = drawing(ran)
    time.sleep(0.3)
    process.send_signal(how)
    said, _ = process.communicate(timeout=60)  # until all that hold the pipe have ended
    assert b"Traceback" not in said and not list(ran.glob("figures/*"))


def test_ctrl_c_of_figures_shows_no_traceback(ran):
    pytest.importorskip("matplotlib")
    process = drawing(ran)
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert b"Traceback" not in said


def test_complete_graphs_have_one_clique_at_once(tmp_path):
    found = json.loads(ok("graph", "--lattice", "complete", "--extent", 1500, "--json", cwd=tmp_path).stdout)
    assert (found["cliques_by_size"], found["maximal_cliques"]) == ({"1500": 1}, 1)
    (tmp_path / "l.toml").write_text('[graph]\nlattice = "complete"\nextent = [1000]\n' + A3)
    refused(quartic("validate", "l.toml", cwd=tmp_path), 3, "are too few", tmp_path, ("l.toml",))


@pytest.mark.parametrize("text, said", [
    (SMALL + '[[target]]\nterm = "phi2"\ndisplacement = [1, 0]\n', '"phi2" in [[target]] has a displacement or edges'),
    (SMALL + '[[target]]\nterm = "nn"\nedges = "none.txt"\n', '"nn" in [[target]] has a displacement or edges'),
    (SMALL.replace("a = 0.6", "a = {start = 1.5, values = [1, 1, 1, 1]}"), "'a' has 'start' and 'values'"),
    (SMALL + '[model]\nnoise = 1\n[data]\npath = "x.npy"\n', "'noise' in [model] plays no part in a field"),
    (SMALL + '[model]\nvisible = "binary"\n[data]\npath = "x.npy"\n', "'visible' in [model] plays no part in a field"),
    (NETWORK_CONFIG.replace("[model]", '[model]\nfeatures = "expectations"'), "'features' in [model] plays no part"),
])  # fmt: skip
def test_a_key_that_plays_no_part_is_refused(tmp_path, text, said):
    (tmp_path / "c.toml").write_text(text)
    refused(quartic("validate", "c.toml", cwd=tmp_path), 3, said, tmp_path, ("c.toml",))


def test_couplings_of_a_file_that_are_no_numbers_name_it(here):
    np.save(here / "w.npy", np.array([0.1, np.nan] + [0.1] * 6))
    done = quartic("validate", "run.toml", "--set", "action.w=w.npy", cwd=here)
    assert done.returncode == 3 and "w.npy' has nan among the values of w" in done.stderr, done


def test_validate_knows_the_output_that_is_named(ran):
    for name, why in (("run.h5", "exists already"), ("run.toml", "is what is read here")):
        said = quartic("validate", "run.toml", "-o", name, cwd=ran)
        done = quartic("sample", "run.toml", "-o", name, cwd=ran)
        assert why in said.stderr and (said.returncode, said.stderr) == (done.returncode, done.stderr)


def test_other_programs_files_among_images_are_none(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("a.png", ".a.png", "._a.png"):
        png(tmp_path / "images" / name, 8, [[0, 1], [1, 0]], bytes(6))
    assert '"rows":1' in ok("data", "images", "--json", cwd=tmp_path).stdout.replace(" ", "")


@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGUSR2, signal.SIGXCPU])
@pytest.mark.parametrize("times", [1, 3])
def test_what_batch_systems_send_saves(here, how, times):
    """However often the system repeats it; nohup's runs go on."""
    if how == signal.SIGUSR2 and times > 1:
        pytest.skip("somebody insists")
    process = subprocess.Popen(
        [QUARTIC, "sample", "run.toml", "--set", "sample.draws=1000000000", "--set", "output.draws=1", "-o", "s.h5"],
        cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=default_signals, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not Path(here / "s.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    for _ in range(times):
        process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 6 and "quartic resume s.h5" in said


def test_a_run_under_nohup_goes_on(here):
    def ignore():
        default_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    words = [QUARTIC, "sample", "run.toml", "--set", "sample.draws=20000", "-o", "s.h5", "--quiet"]
    process = subprocess.Popen(words, cwd=here, preexec_fn=ignore)
    while process.poll() is None:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
    assert process.returncode == 0


def test_a_file_that_appears_meanwhile_is_kept(ran):
    """What was made is beside it: rows of a run, and the run itself."""
    np.save(ran / "x.npy", np.random.default_rng(1).normal(size=(60, 4)))
    (ran / "fit.toml").write_text(NETWORK_CONFIG)
    ok("fit", "fit.toml", "-o", "n.h5", "--quiet", cwd=ran)
    process = subprocess.Popen([QUARTIC, "generate", "n.h5", "-o", "rows.csv", "--rows", "400000"], cwd=ran,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # fmt: skip
    process.stderr.readline()  # it has begun
    (ran / "rows.csv").write_text("mine")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0 and (ran / "rows.csv").read_text() == "mine"
    assert "'rows.quartic-new.csv'" in said and len((ran / "rows.quartic-new.csv").read_text().splitlines()) > 399999

    words = ["--set", "sample.draws=1000000000", "--set", "output.draws=1", "--save-minutes", 0, "--quiet"]
    process = subprocess.Popen([QUARTIC, "sample", "run.toml", "-o", "s.h5", *map(str, words)], cwd=ran,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    deadline = time.monotonic() + 60
    while not (ran / "s.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    (ran / "other").write_text("mine")
    os.replace(ran / "other", ran / "s.h5")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3 and (ran / "s.h5").read_text() == "mine"
    assert "another program's file" in said and "s.h5.quartic.new" in said
    ok("show", "s.h5.quartic.new", cwd=ran)
