"""quartic data over files that numpy, h5py and PIL wrote; what it says and what it refuses."""

import gzip
import json
import math
import re
import subprocess

import numpy as np
import pytest
from program import needs_program, quartic, refused

h5py = pytest.importorskip("h5py")
pytestmark = needs_program

VALUES = np.random.default_rng(3).integers(-9, 9, (40, 2, 3))


def described(name, *arguments, cwd, code=0):
    done = quartic("data", name, *arguments, "--json", cwd=cwd)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def write_hdf5(path, values, **options):
    with h5py.File(path, "w") as file:
        file.create_dataset("group/x", data=values, **options)


def write_gzipped_npy(path, values):
    with gzip.open(path, "wb") as file:
        np.save(file, values)


WRITERS = {
    "f2.npy": lambda path: np.save(path, VALUES.astype("f2")),
    "f8.npy": lambda path: np.save(path, VALUES.astype(">f8")),
    "i2.npy": lambda path: np.save(path, VALUES.astype("i2")),
    "fortran.npy": lambda path: np.save(path, np.asfortranarray(VALUES.astype("f4"))),
    "transposed.npy": lambda path: np.save(path, np.ascontiguousarray(VALUES.T.astype("i8")).T),
    "stored.npz": lambda path: np.savez(path, x=VALUES),
    "packed.npz": lambda path: np.savez_compressed(path, x=VALUES.astype("f4")),
    "x.npy.gz": lambda path: write_gzipped_npy(path, VALUES),
    "x.h5": lambda path: write_hdf5(path, VALUES),
    "big.h5": lambda path: write_hdf5(path, VALUES.astype(">f4"), chunks=(7, 2, 3), compression="gzip", shuffle=True),
    "lzf.h5": lambda path: write_hdf5(path, VALUES.astype("i1"), chunks=(9, 1, 3), compression="lzf"),
    "half.h5": lambda path: write_hdf5(path, VALUES.astype("f2")),
    "x.csv": lambda path: np.savetxt(path, VALUES.reshape(40, 6), delimiter=",", header="a,b,c,d,e,f"),
    "x.txt": lambda path: np.savetxt(path, VALUES.reshape(40, 6)),
}


@pytest.mark.parametrize("name", [n for n in WRITERS if n != "lzf.h5"])
def test_what_python_writes_is_read_alike(tmp_path, name):
    WRITERS[name](tmp_path / name)
    WRITERS["f8.npy"](tmp_path / "f8.npy")
    found = described(name, cwd=tmp_path)
    assert found["checksum"] == described("f8.npy", cwd=tmp_path)["checksum"]
    assert found["row_shape"] == ([6] if name in ("x.csv", "x.txt") else [2, 3])
    assert (found["rows"], found["columns"]) == (40, 6)
    assert (found["low"], found["high"]) == (VALUES.min(), VALUES.max())
    assert math.isclose(found["mean"], VALUES.mean(), rel_tol=1e-12)
    assert math.isclose(found["mean_error"], VALUES.mean((1, 2)).std(ddof=1) / math.sqrt(40), rel_tol=1e-9)
    assert math.isclose(found["standard_deviation"], VALUES.std(), rel_tol=1e-12)
    assert found["histogram"] == np.histogram(VALUES, 16)[0].tolist()
    assert found["ok"] and found["constant_columns"] == [] and found["not_finite"] == 0


def test_a_filter_that_hdf5_lacks_is_named(tmp_path):
    WRITERS["lzf.h5"](tmp_path / "lzf.h5")
    done = quartic("data", "lzf.h5", cwd=tmp_path)
    refused(done, 3, "packed by filter 32000", tmp_path, ("lzf.h5",))
    assert "gzip" in done.stderr


def test_booleans(tmp_path):
    np.save(tmp_path / "b.npy", VALUES > 0)
    write_hdf5(tmp_path / "b.h5", VALUES > 0)
    one, other = described("b.npy", cwd=tmp_path), described("b.h5", cwd=tmp_path)
    assert one["checksum"] == other["checksum"] and one["type"] == other["type"] == "b1"
    assert one["checksum"] == described("b.npy", "--binarise", "0", cwd=tmp_path)["checksum"]


def test_images(tmp_path):
    image = pytest.importorskip("PIL.Image")
    levels = np.arange(200, dtype="u1").reshape(10, 20)
    image.fromarray(levels).save(tmp_path / "a.png")
    image.fromarray(levels).convert("RGB").save(tmp_path / "b.png")
    image.fromarray(levels.astype("u2") * 257).save(tmp_path / "c.png")
    image.fromarray(levels).convert("P").save(tmp_path / "d.png")
    image.fromarray(levels).save(tmp_path / "e.pgm")
    image.fromarray(levels).save(tmp_path / "f.jpg", quality=98)
    image.fromarray(levels).convert("RGB").save(tmp_path / "g.jpg", quality=98, progressive=True)
    for name in "a.png", "b.png", "c.png", "d.png", "e.pgm", "f.jpg", "g.jpg":
        found = described(name, cwd=tmp_path)
        lossless = not name.endswith("jpg")
        assert found["row_shape"] == [10, 20] and found["rows"] == 1 and found["mean_error"] is None
        assert math.isclose(found["mean"], levels.mean() / 255, abs_tol=1e-7 if lossless else 2e-3), name
        assert math.isclose(found["high"], 199 / 255, abs_tol=1e-7 if lossless else 2e-2), name
    assert described(".", cwd=tmp_path)["rows"] == 7


def test_run_files_are_data(tmp_path):
    (tmp_path / "run.toml").write_text(
        "[graph]\nextent = [3, 2]\n[sampler]\nchains = 16\n[sample]\ndraws = 20\nwarm_up = 10\n"
        "[action]\nw = 0.4\na = 1.0\nb = 0.2\n"
    )
    assert quartic("sample", "run.toml", cwd=tmp_path).returncode == 0
    with h5py.File(tmp_path / "run.h5") as file:
        fields = file["posterior/phi"][()]
    np.save(tmp_path / "x.npy", fields.reshape(-1, 6))
    found = described("run.h5", cwd=tmp_path)
    assert found["row_shape"] == [3, 2] and found["rows"] == 320
    assert found["checksum"] == described("x.npy", cwd=tmp_path)["checksum"]


def test_scaling_and_split(tmp_path):
    values = VALUES.reshape(40, 6)
    np.save(tmp_path / "x.npy", values)
    found = described("x.npy", "--scaling", "standardise", cwd=tmp_path)["scaling"]
    assert np.allclose(found["offset"], values.mean(0)) and np.allclose(found["scale"], values.std(0))
    found = described("x.npy", "--scaling", "unit", "--columns", "1-2,4", "--rows", "10", cwd=tmp_path)
    part = values[:10, [1, 2, 4]]
    assert found["scaling"] == {
        "method": "unit",
        "offset": [(part.max() + part.min()) / 2],
        "scale": [(part.max() - part.min()) / 2],
    }
    options = ("--held-out", "0.25", "--scaling", "standardise", "--seed")
    split = [described("x.npy", *options, seed, cwd=tmp_path) for seed in (1, 1, 2)]
    assert split[0] == split[1] and split[0]["held_out"] == 10
    assert split[0]["scaling"]["offset"] != split[2]["scaling"]["offset"]


def test_text_that_is_no_number_is_shown_as_it_stands(tmp_path):
    """In any alphabet, whole characters of it; what would act on a terminal is escaped."""
    for text, shown in (
        ("Zürich", "'Zürich'"), ("東京都", "'東京都'"), ("ü" * 30, "'" + "ü" * 20 + "...'"), ("a\x7fb", "'a\\x7fb'"),
        ("\xa0" * 2 + "x", "x'"),
    ):  # fmt: skip
        (tmp_path / "x.csv").write_text(f"x,y\n1,2\n3,{text}\n5,6\n")
        done = quartic("data", "x.csv", cwd=tmp_path)
        assert done.returncode == 3 and f"{shown} is no number" in done.stderr, done.stderr
    (tmp_path / "x.csv").write_bytes(b"x,y\n1,2\n3,Z\xfcrich\n5,6\n")  # Latin-1
    assert "'Z\\xfcrich' is no number" in quartic("data", "x.csv", cwd=tmp_path).stderr


def test_bad_values_are_described_and_fail(tmp_path):
    values = VALUES.astype("f4").reshape(40, 6)
    values[7, 3] = np.nan
    values[9] = np.inf
    np.save(tmp_path / "x.npy", values)
    found = described("x.npy", cwd=tmp_path, code=5)
    assert not found["ok"] and found["not_finite"] == 7
    assert found["verdict"] == "7 values are NaN or infinite, the first in row 7, column 3 (from 0): nan"
    assert math.isclose(found["mean"], values[np.isfinite(values)].mean(dtype="f8"), rel_tol=1e-9)
    assert "7 values are NaN" in quartic("data", "x.npy", cwd=tmp_path).stdout
    values[:] = np.nan
    np.save(tmp_path / "x.npy", values)
    assert described("x.npy", cwd=tmp_path, code=5)["mean"] is None
    assert quartic("data", "x.npy", cwd=tmp_path).returncode == 5


NAMED = "temperature,pressure\n" + "".join(f"{k % 7}.5,{1000 + k % 11}\n" for k in range(20))


def test_columns_with_names_are_described_one_by_one_alone(tmp_path):
    """What a temperature and a pressure have in common is no mean."""
    (tmp_path / "x.csv").write_text(NAMED)
    text = quartic("data", "x.csv", cwd=tmp_path).stdout
    assert "0 (temperature)" in text and "mean 1004" in text
    assert not [line for line in text.splitlines() if line.startswith(("mean", "deviation", "range", "histogram"))]
    (tmp_path / "x.csv").write_text(NAMED.partition("\n")[2])
    assert "histogram" in quartic("data", "x.csv", cwd=tmp_path).stdout


def test_decimal_commas_come_with_the_line_that_mends_them(tmp_path):
    (tmp_path / "x.csv").write_text(NAMED.replace(",", ";").replace(".", ","))
    done = quartic("data", "x.csv", cwd=tmp_path)
    assert done.returncode == 3
    command = re.search("tr .*$", done.stderr).group()
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    (tmp_path / "plain.csv").write_text(NAMED)
    assert described("points.csv", cwd=tmp_path)["checksum"] == described("plain.csv", cwd=tmp_path)["checksum"]


REFUSALS = [
    ("none.npy", None, [], 3, "no such file or folder"),
    ("x.npy", b"", [], 3, "is empty"),
    ("x.npy", b"\x93NUMPY\x01\x00\xff\xff{", [], 3, "claims 65535 bytes"),
    ("x.csv", b"1,2\n3\n", [], 3, "line 2 has 1 value, line 1 has 2"),
    ("x.csv", b"1,2\n1,3\n", ["--scaling", "standardise"], 3, "1 constant column (0)"),
    ("x.csv", b"1,2\n1,3\n", ["--columns", "2"], 3, "no column 2 in data of 2 columns"),
    ("x.csv", b"1,2\n1,3\n", ["--dataset", "x"], 3, "has no dataset 'x'"),
    ("x.csv", b"1,2\n1,3\n", ["--offset", "2"], 3, 'scaling = "constants"'),
    ("x.csv", b"1,2\n", ["--held-out", "0.5"], 3, "one row cannot be split"),
    ("x.csv", b"1,2\n1,3\n", ["--format", "idx"], 3, "does not begin as an IDX file"),
    ("x.csv", b"1,2\n1,3\n", ["--format", "xml"], 2, "--format"),
    ("x.csv", b"1,2\n1,3\n", ["--rows", "0"], 2, "--rows"),
    ("x", b"\x7fELF\x02\x01\x01\x00", [], 3, "no format that quartic knows"),
]


@pytest.mark.parametrize(("name", "content", "arguments", "code", "fragment"), REFUSALS)
def test_refusals(tmp_path, name, content, arguments, code, fragment):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    files = [path.name for path in tmp_path.iterdir()]
    refused(quartic("data", name, *arguments, cwd=tmp_path), code, fragment, tmp_path, files)
