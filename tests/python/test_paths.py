"""Paths of any bytes, in every form that Python has for them."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

import quartic

NAME = b"r\xff\\x41.h5"  # no UTF-8, and what a config could take for an escape
FORMS = {
    "str": os.fsdecode, "bytes": bytes, "Path": lambda name: Path(os.fsdecode(name)),
    "DirEntry": lambda name: next(e for e in os.scandir(os.path.dirname(name)) if os.fsencode(e.name) == NAME),
}  # fmt: skip
S = quartic.Action(quartic.lattice("square", 2), w=0.3, a=0.5, b=0.2)


def sampled(**options):
    return quartic.sample(S, draws=20, chains=16, random_state=1, n_jobs=1, progress=False, **options)


@pytest.fixture(scope="module")
def run():
    return sampled()


@pytest.mark.parametrize("form", FORMS)
def test_every_function_takes_any_name(tmp_path, run, form):
    name = os.path.join(os.fsencode(tmp_path), NAME)
    if form == "DirEntry":
        run.save(name)
    path = FORMS[form](name)
    assert sampled(path=path, force=True).path == Path(os.fsdecode(name))
    with pytest.raises(quartic.BadInput, match=r"r\\xff"):
        sampled(path=path)
    run.save(path, force=True)
    opened = quartic.open(path)
    assert opened.data.attrs["config"] and "ok" in repr(opened) and opened.summary and str(opened)
    assert quartic.resume(path, draws=30, progress=False).draws == 30
    assert quartic.resume(opened, draws=40, path=path, force=True, progress=False).draws == 40
    assert quartic.Action.from_run(path).graph.sites == 4
    assert quartic.reweight(path, {"phi2": 0.5, "phi4": 0.2}, observables=["m2"], progress=False)["m2"].value
    several = quartic.reweight([path], {"phi2": 0.5, "phi4": 0.2}, path=path, force=True, progress=False)
    assert several.array("results/source").tolist() == [os.fsdecode(tmp_path) + r"/r\xff\x5cx41.h5"]
    assert several.path == Path(os.fsdecode(name))


def test_a_run_that_cannot_be_saved_says_why_and_leaves_what_was_there(tmp_path, run, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(quartic.BadInput, match=r"cannot write '.*x\.h5': No such file"):
        run.save("x.h5")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.h5").write_text("old")

    def full(_, to):
        to.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(quartic.BadInput, match=r"cannot write 'old\.h5': No space.*\(make room"):
        run.save("old.h5", force=True)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_rows_that_find_no_room_are_said(run, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    for what in ("numpy.save", "tempfile.mkdtemp"):
        with monkeypatch.context() as patch, pytest.raises(quartic.BadInput, match=r"cannot .*: No space.*\(make room"):
            patch.setattr(what, full)
            quartic.LatticeField(chains=16, max_iter=2).fit(np.random.default_rng(0).normal(size=(20, 2)))


@pytest.mark.parametrize("form", ["str", "bytes", "Path"])
def test_configs_and_data_of_any_name(tmp_path, form):
    here = os.fsencode(tmp_path)
    rows = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
    data, config, out = (FORMS[form](os.path.join(here, b"\xff" + name)) for name in (b"x.npy", b"c.toml", b"o.h5"))
    with open(data, "wb") as file:
        np.save(file, rows)
    with open(config, "w") as file:
        file.write(
            '[model]\nkind = "network"\nhidden_units = 2\n[training]\nepochs = 1\n[run]\nseed = 1\nthreads = 1\n'
        )
        file.write('[data]\npath = "\\\\xffx.npy"\n[output]\nfile = "\\\\xffown.h5"\n')
    assert quartic.run(config, progress=False).path.name == os.fsdecode(b"\xffown.h5")
    fit = quartic.run(config, path=out, settings={"data.path": data}, progress=False)
    assert np.isfinite(fit.score_samples(data)).all()
    assert fit.sample(4, progress=False).shape == (4, 3)
    assert fit.path.exists()


def test_a_folder_for_temporary_files_of_any_name(tmp_path, monkeypatch):
    folder = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"\xff"))
    os.mkdir(folder)
    monkeypatch.setattr(tempfile, "tempdir", folder)
    assert sampled()["m2"].value > 0
    field = pytest.importorskip("sklearn") and quartic.LatticeField(max_iter=1, chains=16, random_state=0)
    with pytest.warns():
        assert field.fit(np.random.default_rng(0).normal(size=(16, 2))).sample(2).shape == (2, 2)


@pytest.mark.parametrize("path, said", [
    ("a\0b.h5", "NUL"), ("", "empty"), (b"", "empty"), ("\ud800", "no path in"), (3, "int is no path"),
    (None, "NoneType is no path"),
])  # fmt: skip
def test_what_is_no_path_is_refused(run, path, said):
    for use in (quartic.open, run.save, quartic.resume, quartic.run, quartic.Action.from_run, quartic.reweight):
        with pytest.raises(quartic.BadInput, match=said):
            use(path)


def test_what_is_not_there_is_named_so_that_it_can_be_printed():
    with pytest.raises(quartic.BadInput, match=r"there\\xff\.h5") as refused:
        quartic.open(os.fsdecode(b"there\xff.h5"))
    assert str(refused.value).encode()


def test_settings_with_surrogates_of_no_byte_are_refused():
    with pytest.raises(quartic.BadInput, match="is no text"):
        sampled(settings={"output.file": "\ud800"})


def test_figures_of_a_run_of_any_name_are_named_in_json(tmp_path, run, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    from quartic.plot import main

    monkeypatch.chdir(tmp_path)
    run.save(os.fsdecode(NAME))
    assert main([os.fsdecode(NAME), "--json"]) == 0
    assert r"r\\xff" in capsys.readouterr().out.splitlines()[0]
