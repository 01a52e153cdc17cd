"""Reading run files and drawing them."""

import errno
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from synthetic import write_run, write_sample

import quartic

plot = pytest.importorskip("quartic.plot")
from matplotlib import pyplot as plt  # noqa: E402

from quartic import plot_learn, plot_maps, plot_network, plot_panels  # noqa: E402
from quartic.plot_style import STYLE, number  # noqa: E402


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


@pytest.mark.parametrize("extension", ["png", "pdf", "svg"])
def test_only_figures_are_replaced_by_figures(tmp_path, extension, capsys):
    path, folder = write_sample(tmp_path / "run.h5"), tmp_path / "figures"
    folder.mkdir()
    mine = folder / f"series.{extension}"
    mine.write_text("mine")
    arguments = [str(path), "-o", str(folder), "--format", extension]
    assert plot.main(arguments) == 3 and list(folder.iterdir()) == [mine] and mine.read_text() == "mine"
    said = capsys.readouterr().err
    assert f"series.{extension}' is there, and no figure that quartic drew" in said and "--force" in said
    with pytest.raises(quartic.BadInput, match="no figure that quartic drew"):
        plot.plot(quartic.open(path), str(folder), extension)
    assert plot.main([*arguments, "--force"]) == 0 and mine.stat().st_size > 1000
    assert plot.main(arguments) == 0 and len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("reason, remedy", [("ENOSPC", "make room"), ("EMFILE", "ulimit -n"), ("EFBIG", "ulimit -f")])
def test_a_figure_that_cannot_be_written_is_none(tmp_path, monkeypatch, capsys, reason, remedy):
    code = getattr(errno, reason)

    def fails(self, file, **options):
        file.write_text("half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(plot.Figure, "savefig", fails)
    path, folder = write_sample(tmp_path / "run.h5"), tmp_path / "new" / "figures"
    assert plot.main([str(path), "-o", str(folder)]) == 3 and not folder.parent.exists()
    said = capsys.readouterr().err
    assert f"cannot write '{folder}/summary.png': {os.strerror(code)} (" in said and remedy in said


@pytest.mark.parametrize(
    "error, code, said", [(KeyboardInterrupt, 130, ""), (ImportError("no xarray"), 3, "no xarray (pip install")]
)
def test_what_ends_the_drawing_ends_it_without_a_traceback(tmp_path, monkeypatch, capsys, error, code, said):
    def fails(run):
        raise error

    monkeypatch.setattr(plot.plot_sample, "figures", fails)
    assert plot.main([str(write_sample(tmp_path / "run.h5"))]) == code
    assert said in (found := capsys.readouterr().err) and len(found.splitlines()) == bool(said)


def test_streams_that_are_closed_are_said_by_the_exit_code(tmp_path):
    path = write_sample(tmp_path / "run.h5")
    command = f"'{sys.executable}' -m quartic.plot '{path}' -o '{tmp_path}/figures' >&- 2>&- 1</dev/null 2</dev/null"
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 3


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
        (-20.4123, 0.0031, "−20.412(3)"),
        (0.5, 0.0, "0.5"),
        (123.4, 12.0, "123(12)"),
        (7.66e-16, 4e-17, "7.66e−16 ± 4e−17"),
    ],
)
def test_numbers_carry_their_error_as_in_the_reports(value, error, text):
    assert number(value, error) == text
    assert number(value, error, scale=abs(value)) == text


def test_what_is_only_rounding_is_zero():
    assert number(7.66e-16, 4e-17, scale=8.0) == "0 (rounding)"


@pytest.mark.slow
def test_own_observables_are_drawn_whatever_their_names(tmp_path):
    action = quartic.Action(quartic.lattice("square", 4), w=0.4, a=1, b=0.2)
    own = dict.fromkeys(("a_b", "x$y$z", "a^", "50%", "\\x", "a{", "ü b"), lambda phi: phi[:, 0, 0] ** 2)
    run = quartic.sample(action, chains=64, draws=100, observables=own, random_state=1)
    assert run.functions == list(own) and len(plot.plot(run, tmp_path)) == 3
    for options in ({}, {"scan": {"phi2": [0.99, 1, 1.01]}}):
        to = {"nn": -0.4, "phi2": 1.0 + (0 if options else 0.01j), "phi4": 0.2}
        assert plot.plot(quartic.reweight(run, to, observables=own, **options), tmp_path)


# --- figures as their readers see them -------------------------------------------------------------

NETWORK = """[model]
kind = "network"
[data]
path = "rows.npy"
scaling = "standardise"
held_out = 0.2
[evaluation]
steps = 20
chains = 32
sweeps = 0
"""
FIELD = """[graph]
lattice = "square"
extent = [3, 3]
boundary = "open"
[model]
hidden_units = 2
[action]
r.freedom = "free"
[data]
path = "rows.npy"
scaling = "standardise"
held_out = 0.2
[fit]
epochs = 3
[sampler]
chains = 64
[evaluation]
chains = 32
steps = 10
draws = 4
"""
STACK = NETWORK.replace('"network"', '"stack"\nhidden_units = [4, 3]')
TABLE = NETWORK.replace("rows.npy", "table.csv")


def images(rng, rows):
    """3 x 3 pixels of which one row or another is bright."""
    bright = np.zeros((rows, 3, 3))
    bright[np.arange(rows), rng.integers(3, size=rows)] = 3
    return bright + rng.normal(size=(rows, 3, 3))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One of every kind of data."""
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(5)
    np.save(folder / "rows.npy", images(rng, 400).astype(np.float32))
    length = rng.normal(5, 1, 300)
    table = np.stack([length, np.exp(0.3 * length) + rng.normal(0, 0.2, 300), rng.normal(0, 0.01, 300)], axis=1)
    np.savetxt(folder / "table.csv", table, delimiter=",", header="length,mass,a long name of a column", comments="")
    made = {}
    for name, text, settings in (
        ("chains", NETWORK, {"model.hidden_units": 5, "training.epochs": 4, "evaluation.every": 2}),
        ("once", NETWORK, {"model.hidden_units": 5, "training.epochs": 2}),
        ("exact", TABLE, {"model.hidden_units": 2, "training.iterations": 20}),
        ("field", FIELD, {}),
        ("stack", STACK, {"training.layer_epochs": [1, 1]}),
    ):
        (folder / f"{name}.toml").write_text(text)
        made[name] = quartic.run(folder / f"{name}.toml", path=folder / f"{name}.h5", settings=settings, progress=False)
    return made


def figures_of(run):
    with plt.rc_context({**STYLE, "figure.max_open_warning": 0}):
        drawn = dict(plot.DRAWERS[run.kind].figures(run))
        for figure in drawn.values():
            figure.set_dpi(60)
            figure.canvas.draw()
    return drawn


@pytest.fixture(scope="module")
def drawn(runs):
    yield {name: figures_of(run) for name, run in runs.items()}
    plt.close("all")


def overlapping(axes, renderer):
    """Pairs of labels of ticks, in sight, of one axis that lie on one another."""
    found = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        shown = [t for t in axis.get_major_ticks() if low <= t.get_loc() <= high and t.label1.get_visible()]
        boxes = [(t.label1.get_text(), t.label1.get_window_extent(renderer)) for t in shown if t.label1.get_text()]
        rotated = any(t.label1.get_rotation() for t in shown)
        found += [] if rotated else [
            (a, b) for k, (a, first) in enumerate(boxes) for b, second in boxes[k + 1 :] if first.overlaps(second)
        ]  # fmt: skip
    return found


COUNTED = ("epoch", "rank", "draw", "layers of the stack", "edge", "site")


def legible(figures):
    """No label of a tick on another, no parts of what is counted."""
    for name, figure in figures.items():
        renderer = figure.canvas.get_renderer()
        for axes in (axes for axes in figure.axes if axes.axison):
            assert not overlapping(axes, renderer), name
            low, high = axes.get_xlim()
            ticks = [t for t in axes.get_xticks() if low <= t <= high]
            if axes.get_xlabel() in COUNTED:
                assert ticks and all(float(t).is_integer() for t in ticks), (name, ticks)


def test_figures_of_fits_are_legible(drawn):
    for figures in drawn.values():
        legible(figures)
    common = {"summary", "features", "histograms", "moments"}
    assert set(drawn["chains"]) == common | {"samples"} and set(drawn["exact"]) == common | {"pairs"}
    assert set(drawn["field"]) == common | {"samples", "maps"}
    assert set(drawn["stack"]) >= {"summary", "layer-1", "layer-2", "features-1", "features-2", "samples"}


def test_a_field_of_a_table_shows_every_column_by_its_name(tmp_path):
    names = ["age", "height", "diameter", "density", "crown", "moisture"]
    rows = np.random.default_rng(1).normal(size=(200, 6)) * [1, 20, 3, 0.1, 5, 7]
    np.savetxt(tmp_path / "table.csv", rows, delimiter=",", header=",".join(names), comments="")
    (tmp_path / "field.toml").write_text(
        "[graph]\nlattice = 'complete'\nextent = [6]\n[data]\npath = 'table.csv'\nscaling = 'standardise'\n"
        "[sampler]\nchains = 64\n[fit]\nepochs = 2\n[evaluation]\nsteps = 10\n"
    )
    drawn = figures_of(quartic.run(tmp_path / "field.toml", path=tmp_path / "field.h5", progress=False))
    assert sorted(axes.get_xlabel() for axes in drawn["histograms"].axes) == sorted(names)
    assert any("5 of 6 columns" in text.get_text() for text in drawn["pairs"].texts)
    edges = drawn["maps"].axes[0]
    assert edges.get_xticklabels()[0].get_text() == "age–height" and len(edges.get_xticks()) == 15
    label, apart = edges.get_xticklabels()[0], np.diff(edges.transData.transform([(0, 0), (1, 0)])[:, 0])[0]
    height = label.get_fontsize() * drawn["maps"].dpi / 72
    assert label.get_ha() == "right" and apart * np.sin(np.radians(label.get_rotation())) > height
    plt.close("all")


def test_figures_of_learning_and_sampling_are_legible(tmp_path):
    for path in (
        write_run(tmp_path / "a.h5", epochs=7, misfit=0.02, optimiser="natural"),
        write_run(tmp_path / "b.h5", epochs=300),
        write_sample(tmp_path / "c.h5"),
    ):
        legible(figures_of(quartic.open(path)))
        plt.close("all")


@pytest.mark.parametrize("name", ["chains", "once", "exact", "field", "stack"])
def test_no_error_bar_is_zero_where_the_error_is_known(drawn, name):
    """ln p of an exactly known ln Z still has the error of its finite rows."""
    shown = 0
    for figure in drawn[name].values():
        for axes in figure.axes:
            if "ln p" not in axes.get_ylabel() or "lower bound" in axes.get_ylabel():
                continue
            for bars in axes.containers:
                for segment in bars.lines[2][0].get_segments():
                    shown += 1
                    assert abs(segment[1][1] - segment[0][1]) > 1e-6
    assert shown or name == "field"  # whose gain has a band


def test_summaries_say_what_the_checks_say(runs, drawn):
    for name, run in runs.items():
        text = [t.get_text() for axes in drawn[name]["summary"].axes for t in axes.texts]
        passed = sum(check.ok for check in run.checks)
        assert f"{passed} of {len(run.checks)} hold" in text, name
        for check in [check for check in run.checks if not check.ok][:3]:
            assert any(line.startswith(f"NOT ok: {check.name[:20]}") for line in text), name


def test_couplings_are_one_number_as_often_as_noise_says():
    """Equal within errors: nearly always where they are, hardly ever where they differ by three errors."""
    rng = np.random.default_rng(2)
    for n in (9, 64, 256):
        errors = rng.uniform(0.5, 2, (300, n))
        noise = errors * rng.normal(size=(300, n))
        equal = [plot_maps.Couplings("w", 7 + x, e).alike for x, e in zip(noise, errors, strict=True)]
        assert np.mean(equal) > 0.98
        others = 7 + noise + 3 * errors * rng.normal(size=(300, n))
        unequal = [plot_maps.Couplings("w", x, e).alike for x, e in zip(others, errors, strict=True)]
        assert np.mean(unequal) < (0.1 if n < 20 else 1e-3)
    tied = plot_maps.Couplings("a", np.full(5, 2.0), np.full(5, 0.1))
    assert tied.alike and tied.mean() == (2.0, 0.1)
    independent = plot_maps.Couplings("a", 2 + 0.1 * np.array([1, -1, 1, -1.0]), np.full(4, 0.1))
    assert independent.alike and independent.mean() == (2.0, pytest.approx(0.05))
    unknown = plot_maps.Couplings("a", np.array([1.0, 2.0]), np.zeros(2))
    assert not unknown.alike and not unknown.zero.any()


def map_of(path, misfit):
    run = quartic.open(write_run(path, epochs=5, misfit=misfit, optimiser="natural"))
    _, axes = plt.subplots()
    plot_maps.draw_map(axes, run, "a")
    return axes.images[0].get_array(), axes.get_title()


def test_maps_do_not_colour_noise(tmp_path):
    values, title = map_of(tmp_path / "noise.h5", 0.0)
    assert "1.52" in title and "the same everywhere" in title
    values, title = map_of(tmp_path / "signal.h5", 0.02)
    assert "the same" not in title and not np.ma.getmaskarray(values).any()
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "signal.h5", "r+") as file:
        file["model/a"][3], file["model/a"][7] = 1e-3, -1e-3  # their errors are 1e-3
    _, axes = plt.subplots()
    plot_maps.draw_map(axes, quartic.open(tmp_path / "signal.h5"), "a")
    mask = np.ma.getmaskarray(axes.images[0].get_array()).ravel()
    assert list(np.flatnonzero(mask)) == [3, 7] and "2 of 16 within 2 errors of 0" in axes.get_title()
    plt.close("all")


def test_receptive_fields_are_those_of_the_strongest_units_first(runs):
    run = runs["chains"]
    figure = plot_network.features_figure(run, run.network.w, "")
    norm = np.sort(np.sqrt((run.network.w**2).sum(axis=0)))[::-1]
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.texts[0].get_text() for axes in shown] == [f"{x:.3g}" for x in norm]
    strongest = run.network.w[:, np.argmax((run.network.w**2).sum(axis=0))].reshape(3, 3)
    np.testing.assert_array_equal(shown[0].images[0].get_array(), strongest)
    plt.close("all")


def test_units_of_a_field_are_drawn_as_the_action_has_them(runs):
    action, weights = runs["field"].action, plot_maps.hidden_weights(runs["field"])
    assert weights.shape == (9, 2)
    for (i, j), w in zip(action.graph.edges, action.w, strict=True):
        if j >= 9:
            assert weights[i, j - 9] == w


def test_a_mosaic_has_every_image_once():
    pixels = np.arange(5 * 6.0).reshape(5, 6)
    mosaic = plot_panels.mosaic(pixels, (2, 3), columns=2)
    counts = [(mosaic == value).sum() for value in pixels.ravel()]
    assert min(counts) == max(counts) > 0 and np.ma.count_masked(mosaic) > 0


def test_figures_are_told_of_as_they_are_drawn(tmp_path):
    run = quartic.open(write_run(tmp_path / "a.h5", epochs=7))
    files = plot.draw(run, tmp_path / "figures")
    first = next(files)
    assert list((tmp_path / "figures").iterdir()) == [first] and len(list(files)) > 2


def test_the_bounds_of_a_stack_are_in_the_units_of_the_data(runs, drawn):
    stack = runs["stack"]
    reported = re.findall(r"layer \d +(-?[\d.]+)\(", str(stack).partition("at least, by the stack")[2])
    shown = drawn["stack"]["summary"].axes[0].containers[0].lines[0].get_ydata()
    assert len(shown) == 2 and np.allclose(shown, [float(x) for x in reported[:2]], rtol=1e-3)


def test_couplings_come_with_their_error(tmp_path):
    run = quartic.open(write_run(tmp_path / "a.h5", epochs=7, misfit=0.02))
    figure, axes = plt.subplots()
    plot_learn.draw_trajectories(axes, run, "w")
    ends = axes.containers[-1].lines[2][0].get_segments()[0]
    error = np.sqrt(np.mean(run.theta_error[run.kinds["w"]] ** 2))
    assert ends[1][1] - ends[0][1] == pytest.approx(2 * error)
    plt.close(figure)


def test_histograms_have_errors_of_independent_rows():
    """Columns of one row that are all the same count once: errors sqrt(rows), not sqrt(values)."""
    rows = np.repeat(np.random.default_rng(0).normal(size=(400, 1)), 9, axis=1)
    _, axes = plt.subplots()
    plot_panels._draw_errors(axes, rows, np.array([-10.0, 0.0, 10.0]), "black", 0)
    segment = axes.containers[0].lines[2][0].get_segments()[0]
    share = (rows[:, 0] < 0).mean()
    assert (segment[1][1] - segment[0][1]) / 2 == pytest.approx(np.sqrt(share * (1 - share) / 400) / 10, rel=1e-6)
    plt.close("all")


def test_every_figure_says_which_run_it_is_of(runs):
    for name in ("chains", "exact", "field"):
        figures = figures_of(runs[name])
        for of, figure in figures.items():
            plot.name_run(figure, runs[name])
            plot.name_run(figure, runs[name])  # once is enough
            heads = "".join(part.get_suptitle() for part in (figure, *figure.subfigs))
            assert heads.count(f"{name}.h5") == 1 and "$" not in heads, (name, of)  # whose mathematics is not set
            figure.canvas.draw()
        legible(figures)
        plt.close("all")


def test_a_coupling_that_is_one_number_within_its_errors_of_zero_is_grey():
    tied = [plot_maps.Couplings("r", np.full(9, value), np.full(9, 0.1)) for value in (0.15, -0.15, 0.25)]
    assert [of.alike and of.nothing for of in tied] == [True, True, False]
    rng = np.random.default_rng(1)
    noise = plot_maps.Couplings("r", 0.1 * rng.normal(size=400), np.full(400, 0.1))
    assert noise.alike and abs(noise.mean()[0]) < 0.02 and noise.nothing
    assert not plot_maps.Couplings("a", np.full(9, 0.0), np.zeros(9)).nothing  # no errors, no verdict


def test_candidates_are_drawn_whole_and_draws_beside_data_have_errors(runs, drawn):
    panel = drawn["exact"]["summary"].axes[0]
    low, high = panel.get_ylim()
    curves = runs["exact"].array("density/held_out")
    assert low < np.nanmin(curves) and np.nanmax(curves) < high
    diagonal = drawn["exact"]["pairs"].axes[0]
    bars = [bar for container in diagonal.containers for bar in getattr(container, "lines", [()] * 3)[2]]
    assert len(bars) == 2


def test_the_last_chi2_of_a_panel_is_that_of_its_table(runs, drawn):
    """Where a fit ends its moments are taken once more, by more draws: a mark, told beside the number."""
    figure, results = drawn["field"]["summary"], runs["field"].arrays("results")
    (panel,) = [axes for axes in figure.axes if "chi^2" in axes.get_ylabel()]
    marks = [line.get_ydata()[0] for line in panel.lines if line.get_marker() == "D"]
    prefixes = [prefix for prefix in ("", "held_out_") if f"{prefix}moment_z" in results]
    expected = [np.nanmean(results[f"{prefix}moment_z"] ** 2) for prefix in prefixes]
    assert marks == pytest.approx(expected) and "afterwards" in panel.get_title("right")
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sum(text.startswith("◇") for text in said) == len(marks) > 0
