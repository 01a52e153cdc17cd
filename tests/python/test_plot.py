"""Reading run files and drawing them."""

import numpy as np
import pytest
from synthetic import write_run, write_sample

import quartic
from quartic import run as run_file

plot = pytest.importorskip("quartic.plot")
from quartic.plot_style import number  # noqa: E402


def test_reader_gives_what_was_written(tmp_path):
    run = run_file.read(write_run(tmp_path / "run.h5", epochs=20))
    assert run.model.lattice == "square" and run.model.extent == (4, 4) and all(run.model.periodic)
    assert run.history["theta"].shape == (21, len(run.parameters)) == (21, 64)
    assert {kind: len(columns) for kind, columns in run.kinds.items()} == {"w": 32, "a": 16, "b": 16}
    np.testing.assert_array_equal(run.history["theta"][-1, run.kinds["w"]], run.model.w)
    assert run.results["free_energy"] == (-20.5, 0.003)
    assert run.verdict["stop_reason"] == "converged"
    assert run.phi().shape == (256, 16, 16)


def test_what_is_no_run_file_is_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no")
    for name in ("text.h5", "missing.h5"):
        with pytest.raises(quartic.BadInput):
            run_file.read(tmp_path / name)
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
        run_file.read(tmp_path / "run.h5")


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
