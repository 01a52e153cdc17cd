"""Reading run files and drawing them."""

import numpy as np
import pytest
from synthetic import write_run, write_sample

import quartic

plot = pytest.importorskip("quartic.plot")
from quartic.plot_style import number  # noqa: E402


def test_reader_gives_what_was_written(tmp_path):
    run = quartic.open(write_run(tmp_path / "run.h5", epochs=20))
    assert isinstance(run, quartic.LearnResult) and run.extent == (4, 4)
    assert run.action.graph.same_as(quartic.lattice("square", 4))
    assert run.history.theta.shape == (21, len(run.parameters)) == (21, 64)
    assert {kind: len(columns) for kind, columns in run.kinds.items()} == {"w": 32, "a": 16, "b": 16}
    np.testing.assert_array_equal(run.history.theta[-1, run.kinds["w"]], run.action.w)
    np.testing.assert_array_equal(run.history.theta[-1], run.theta)
    np.testing.assert_array_equal(run.theta_error, np.full(64, 1e-3))
    np.testing.assert_array_equal(run.expected, np.repeat([1.0, 1.52425, 0.175], [32, 16, 16]))
    assert run.estimates["free_energy"] == (-20.5, 0.003)
    assert run.stop_reason == "converged"
    assert run.phi.shape == (256, 16, 4, 4)


def test_what_is_no_run_file_is_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no")
    for name in ("text.h5", "missing.h5"):
        with pytest.raises(quartic.BadInput):
            quartic.open(tmp_path / name)
    assert plot.main([str(tmp_path / "missing.h5")]) == 3


@pytest.mark.parametrize("lattice, extent", [("square", (4, 4)), ("triangular", (3, 5)), ("chain", (8,))])
def test_every_figure_is_drawn(tmp_path, monkeypatch, lattice, extent, capsys):
    monkeypatch.chdir(tmp_path)
    path = write_run(tmp_path / "run.h5", lattice=lattice, extent=extent, epochs=5, optimiser="natural", misfit=0.02)
    assert plot.main([str(path), "--format", "pdf"]) == 0
    names = {p.name for p in (tmp_path / "run-figures").iterdir()}
    assert names == {f"{name}.pdf" for name in ("summary", "couplings", "convergence", "overlap", "maps")}
    assert len(capsys.readouterr().out.splitlines()) == len(names)


@pytest.mark.parametrize("extent, names", [((6, 6), {"summary", "series", "correlation"}), ((), {"summary", "series"})])
def test_every_figure_of_a_sample_is_drawn(tmp_path, extent, names):
    path = write_sample(tmp_path / "run.h5", extent=extent)
    assert plot.main([str(path), "-o", str(tmp_path / "figures")]) == 0
    assert {p.stem for p in (tmp_path / "figures").iterdir()} == names


def test_a_sample_without_draws_is_not_drawn(tmp_path):
    assert plot.main([str(write_sample(tmp_path / "run.h5", draws=0)), "-o", str(tmp_path / "figures")]) == 3


def test_autocorrelation_of_an_autoregressive_process():
    """rho(t) = a^t of AR(1), with errors that cover it."""
    from quartic.plot_sample import autocorrelation

    rng = np.random.default_rng(1)
    x = np.zeros((200, 400))
    x[:, 0] = rng.normal(size=200)
    for t in range(1, 400):
        x[:, t] = 0.8 * x[:, t - 1] + 0.6 * rng.normal(size=200)
    rho, error = autocorrelation(x)
    deviation = (rho - 0.8 ** np.arange(400))[1:21] / error[1:21]
    assert rho[0] == 1 and (error[1:21] < 0.02).all()
    assert np.abs(deviation).max() < 4 and np.abs(deviation).max() > 0.1


def test_a_run_of_an_unknown_kind_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(write_sample(tmp_path / "run.h5"), "r+") as file:
        file["provenance"].attrs["kind"] = "dream"
    with pytest.raises(quartic.BadInput, match="dream"):
        quartic.open(tmp_path / "run.h5")


def test_the_former_reader_says_where_it_went(tmp_path):
    with pytest.raises(quartic.BadInput, match=r"quartic\.open"):
        quartic.run.read(write_sample(tmp_path / "run.h5"))


def test_words_of_former_layouts_are_only_read_in_these(tmp_path):
    """An observable of a user's may have a name that once was quartic's own."""
    h5py = pytest.importorskip("h5py")
    for layout, name in ((2, "correlation_length"), (3, "xi")):
        with h5py.File(write_sample(tmp_path / f"{layout}.h5"), "r+") as file:
            file["provenance"].attrs["layout_version"] = layout
            for group in ("results", "measurement"):
                file[f"{group}/observable"][0] = "xi"
        run = quartic.open(tmp_path / f"{layout}.h5")
        assert next(iter(run.observables)) == next(iter(run.series)) == name


def test_fields_that_are_not_there_are_named(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(write_run(tmp_path / "run.h5", epochs=3), "r+") as file:
        del file["posterior"]
    run = quartic.open(tmp_path / "run.h5")
    with pytest.raises(quartic.BadInput, match="no stored fields"):
        _ = run.phi


@pytest.mark.parametrize(
    "value, error, text",
    [
        (-20.4123, 0.0031, "-20.4123(31)"),
        (0.5, 0.0, "0.5"),
        (123.4, 12.0, "123(12)"),
        (7.66e-16, 4e-17, "7.66e-16 ± 4e-17"),
    ],
)
def test_numbers_carry_their_error(value, error, text):
    assert number(value, error) == text


def test_own_observables_are_drawn_whatever_their_names(tmp_path):
    action = quartic.Action(quartic.lattice("square", 4), w=0.4, a=1, b=0.2)
    own = dict.fromkeys(("a_b", "x$y$z", "a^", "50%", "\\x", "a{", "ü b"), lambda phi: phi[:, 0, 0] ** 2)
    run = quartic.sample(action, chains=64, draws=100, observables=own, random_state=1)
    assert run.functions == list(own) and len(plot.plot(run, tmp_path)) == 3
    for options in ({}, {"scan": {"phi2": [0.99, 1, 1.01]}}):
        to = {"nn": -0.4, "phi2": 1.0 + (0 if options else 0.01j), "phi4": 0.2}
        assert plot.plot(quartic.reweight(run, to, observables=own, **options), tmp_path)
