"""Densities of tables: learned exactly, scaled by what held-out rows say; outliers; rates that are too large."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

import quartic
from quartic import RestrictedBoltzmannMachine


@parametrize_with_checks([RestrictedBoltzmannMachine(2, max_iter=30)])
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 30 iterations are few
        check(estimator)


def rings(rows: int, seed: int) -> np.ndarray:
    """A noisy ring, its second column in other units and skewed."""
    random = np.random.default_rng(seed)
    angle, radius = random.uniform(0, 2 * np.pi, rows), random.normal(2, 0.2, rows)
    return np.c_[radius * np.cos(angle), np.exp(radius * np.sin(angle))]


def gaussian_score(train: np.ndarray, test: np.ndarray) -> float:
    return GaussianMixture(1, reg_covar=0).fit(train).score(test)


@pytest.mark.parametrize("scaling", ["columns", "power", "whiten", "zca", "power-whiten"])
def test_density_in_the_units_of_the_data_whatever_the_scaling(scaling):
    X = rings(400, 1)
    machine = RestrictedBoltzmannMachine(6, scaling=scaling, max_iter=100, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(X)
    assert machine.scaling_.method == {"columns": "standardise"}.get(scaling, scaling)
    x, log_y = np.linspace(-6, 6, 500), np.linspace(-9, 9, 800)
    grid = np.stack(np.meshgrid(x, np.exp(log_y), indexing="ij"), -1).reshape(-1, 2)
    density = np.exp(machine.score_samples(grid)).reshape(500, 800) * np.exp(log_y)
    negative = -np.exp(log_y[::-1])  # no row is there, the density may be
    grid = np.stack(np.meshgrid(x, negative, indexing="ij"), -1).reshape(-1, 2)
    beyond = np.exp(machine.score_samples(grid)).reshape(500, 800) * -negative
    total = (density.sum() + beyond.sum()) * (x[1] - x[0]) * (log_y[1] - log_y[0])
    assert total == pytest.approx(1, abs=0.01)
    again = pickle.loads(pickle.dumps(machine))
    np.testing.assert_array_equal(again.score_samples(X), machine.score_samples(X))
    np.testing.assert_allclose(machine.scaling_.from_model(machine.scaling_.to_model(X)), X, rtol=1e-9)


def test_draws_are_those_of_the_density():
    """<ln p> over draws is minus the entropy: the same over draws of two seeds, and above that of other rows."""
    X = rings(800, 2)
    machine = RestrictedBoltzmannMachine(8, random_state=0).fit(X)
    one, other = (machine.score_samples(machine.sample(20000, random_state=seed)) for seed in (1, 2))
    error = np.hypot(one.std(), other.std()) / np.sqrt(20000)
    assert abs(one.mean() - other.mean()) < 4 * error
    draws = machine.scaling_.to_model(machine.sample(20000, random_state=3))
    moments = machine.network_.exact_moments()
    np.testing.assert_allclose(draws.mean(0), moments.r, atol=4.5 / np.sqrt(20000) * draws.std(0).max())
    np.testing.assert_allclose((draws**2).mean(0), moments.a, atol=4.5 / np.sqrt(20000) * (draws**2).std(0).max())


def test_beats_the_gaussian_by_default_and_says_by_how_much():
    X = load_iris().data + np.random.default_rng(7).normal(0, 0.05, (150, 4))
    order = np.random.default_rng(1).permutation(150)
    train, test = X[order[38:]], X[order[:38]]
    machine = RestrictedBoltzmannMachine(random_state=0).fit(train)
    assert machine.score(test) > gaussian_score(train, test)
    assert machine.held_out_.error > 0
    assert abs(machine.held_out_.value - machine.score(test)) < 5 * machine.held_out_.error
    assert [c["scaling"] for c in machine.candidates_] == ["standardise", "whiten", "power", "power-whiten"]
    again = clone(machine).set_params(n_jobs=1).fit(train)
    np.testing.assert_array_equal(again.components_, machine.components_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # 30 iterations
@pytest.mark.parametrize("scaling", ["columns", "power", "whiten", "power-whiten"])
@pytest.mark.parametrize("visible", ["quartic", "gaussian"])
def test_absurd_rows_are_outliers(visible, scaling):
    X = np.random.default_rng(1).multivariate_normal(np.zeros(4), 0.1 * np.eye(4) + 0.9, 100)
    machine = RestrictedBoltzmannMachine(3, visible=visible, scaling=scaling, max_iter=30, random_state=0).fit(X)
    for value in (1e80, 1e160, 1e200, 1e300):
        rows = value * np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [0, 0, -1, 0]])
        assert not np.isnan(machine.score_samples(rows)).any()
        far = -30 if "power" in scaling else -1e9  # beyond the rows powers go on as logarithms
        assert (machine.score_samples(rows) < machine.score_samples(X).min() + far).all()
        assert (machine.predict(rows) == -1).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # 100 iterations, few rows
def test_held_out_is_of_rows_that_had_no_say():
    """Of 60 rows, the candidates' best ln p is some .14 nats above that of new rows; held_out_ is not."""

    def two_clusters(random, rows):
        return random.normal(size=(rows, 2)) + random.choice([-1.0, 1.0], (rows, 1)) * [1, 2]

    told, best = [], []
    for seed in range(30):
        random = np.random.default_rng(seed)
        machine = RestrictedBoltzmannMachine(2, max_iter=100, random_state=seed).fit(two_clusters(random, 60))
        new = machine.score(two_clusters(random, 2000))
        told.append(machine.held_out_.value - new)
        best.append(max(max(one["held_out"]) for one in machine.candidates_) - new)
    assert abs(np.mean(told)) < 3 * np.std(told) / np.sqrt(30)
    assert np.mean(best) > np.mean(told) + 0.05


def test_correlated_gaussians_of_gaussian_units_do_not_diverge():
    random = np.random.default_rng(0)
    for correlation in (0.8, 0.95, 0.999):
        X = random.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 2000)
        machine = RestrictedBoltzmannMachine(
            1, visible="gaussian", hidden="gaussian", scaling="columns", ridge=0, random_state=0
        )
        assert machine.fit(X).score(X) == pytest.approx(gaussian_score(X, X), abs=6e-3)  # waits for .005


@pytest.mark.parametrize("visible", ["quartic", "gaussian", "binary", "spin"])
@pytest.mark.parametrize("hidden", ["quartic", "gaussian", "binary", "spin"])
def test_no_rate_diverges(visible, hidden):
    """It learns, or says that it went slower; never worse than independent columns by more than chance."""
    X = np.random.default_rng(5).multivariate_normal(np.zeros(3), 0.1 * np.eye(3) + 0.9, 300)
    if visible in ("binary", "spin"):
        X = np.where(X > 0, 1.0, 0.0 if visible == "binary" else -1.0)
    alone = RestrictedBoltzmannMachine(2, visible=visible, hidden=hidden, learning_rate=1e-9, n_iter=1, random_state=0)
    least = alone.fit(X).score(X)
    for rate in (1e-4, 0.1, 10):
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            machine = RestrictedBoltzmannMachine(
                3, visible=visible, hidden=hidden, learning_rate=rate, n_iter=15, random_state=0
            ).fit(X)
            assert machine.score(X) > least - 0.1, (rate, machine.score(X), least)


def test_a_rate_that_is_too_large_is_halved_with_a_warning():
    X = rings(400, 3)
    with pytest.warns(ConvergenceWarning, match=r"a learning rate of 100 made ln p fall: it was learned at"):
        machine = RestrictedBoltzmannMachine(3, learning_rate=100, n_iter=20, random_state=0).fit(X)
    assert machine.score(X) > gaussian_score(X, X) - 1.5


@pytest.mark.parametrize("units", [pytest.param("gaussian-quartic", marks=pytest.mark.slow), "quartic-quartic"])
def test_chains_learn_a_small_table_as_well_as_a_gaussian(units):
    """320 rows of six columns whose correlations are worth 4 nats a row."""
    random = np.random.default_rng(4)
    factor = random.normal(size=(640, 2)) @ random.normal(size=(2, 6))
    X = factor + 0.4 * random.normal(size=factor.shape)
    X, others = X[:320], X[320:]
    visible, hidden = units.split("-")
    machine = RestrictedBoltzmannMachine(8, visible=visible, hidden=hidden, random_state=0)
    gaussian = gaussian_score(X, others)
    alone = -np.log(X.std(0)).sum() - 3 * np.log(2 * np.pi * np.e)
    with pytest.warns(ConvergenceWarning, match="below that of one Gaussian with its correlations: scaling='whiten'"):
        found = clone(machine).set_params(scaling="columns").fit(X).score(others)
    assert alone + 0.4 * (gaussian - alone) < found < gaussian
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        machine.fit(X)
    assert machine.scaling_.method == "whiten"
    assert machine.score(others) > gaussian - 0.15
    assert machine.held_out_.value == pytest.approx(machine.score(X), abs=4 * machine.held_out_.error)
    assert machine.held_out_.value == max(row["held_out"] for row in machine.history_ if "held_out" in row)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # no density, few passes
@pytest.mark.parametrize("rows", [2, 200])
def test_two_values_alike_in_number_do_not_diverge(rows):
    """Their moments would have wells without width."""
    X = np.tile([[1.0, 5.0], [-1.0, 7.0]], (rows // 2, 1))
    machine = RestrictedBoltzmannMachine(3, n_iter=3, random_state=0).fit(X)
    assert np.isfinite(machine.score(X)) and abs(machine.sample(1000, random_state=1).mean(0) - [0, 6]).max() < 0.2


def test_chains_say_that_rows_are_copies():
    X = np.random.default_rng(3).normal(size=(200, 3))
    for rows, told in ((np.r_[X, X[:50]], True), (X, False)):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            RestrictedBoltzmannMachine(4, n_iter=3, random_state=0).fit(rows)
        assert any("50 of 250 rows are copies of others" in str(warning.message) for warning in said) == told


def test_chains_that_learned_nothing_say_so():
    X = rings(300, 7)
    X = np.c_[X, X @ [[1, 2], [1, -1]] + 0.1 * np.random.default_rng(1).normal(size=X.shape)]
    with pytest.warns(ConvergenceWarning, match="below that of one Gaussian with its correlations: scaling='whiten'"):
        RestrictedBoltzmannMachine(4, hidden="quartic", learning_rate=1e-5, n_iter=9, random_state=0).fit(X)


@pytest.mark.slow
def test_many_units_begin_with_those_that_are_learned_exactly():
    """Four clusters in six columns: by chains alone modes are missed, and held-out rows must not be misled."""
    random = np.random.default_rng(0)
    centres = 2 * random.normal(size=(4, 6))
    X, others = (centres[random.integers(0, 4, n)] + 0.3 * random.normal(size=(n, 6)) for n in (600, 600))
    machine = RestrictedBoltzmannMachine(20, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        small = RestrictedBoltzmannMachine(gates=False, random_state=1).fit(X).score(others)
        found = machine.fit(X).score(others)
    assert machine.components_.shape == (20, 6)
    assert found > small - 0.3
    assert found > gaussian_score(X, others) + 1
    assert machine.held_out_.value == pytest.approx(found, abs=5 * machine.held_out_.error + 0.2)


def test_passes_that_change_nothing_are_said():
    random = np.random.default_rng(2)
    X = (random.random((300, 1)) < 0.5).astype(float)
    X = np.abs(X - (random.random((300, 3)) < 0.1))
    with pytest.warns(ConvergenceWarning, match="ln p after 5 passes is no higher than that of independent columns"):
        RestrictedBoltzmannMachine(4, visible="binary", learning_rate=1e-5, n_iter=5, random_state=0).fit(X)


def test_one_gaussian_is_compared_with_in_the_units_of_the_data():
    """Behind powers a Gaussian is none: exponentials of one are described better."""
    random = np.random.default_rng(6)
    u = random.normal(size=500)
    X = np.c_[10 * np.exp(u), 200 + 30 * u + 10 * random.normal(size=500)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*one Gaussian.*")
        machine = RestrictedBoltzmannMachine(2, hidden="gaussian", scaling="power", random_state=0).fit(X)
    assert machine.score(X) > gaussian_score(X, X)


def test_fewer_rows_than_columns_are_no_dependent_columns():
    X = np.random.default_rng(3).normal(size=(40, 60))
    with pytest.raises(quartic.BadInput, match="29 rows are too few to whiten 60 columns"):
        RestrictedBoltzmannMachine(40, scaling="whiten", random_state=0).fit(X)
    with pytest.warns(ConvergenceWarning, match="whiten and power-whiten left out: 29 rows are too few"):
        RestrictedBoltzmannMachine(40, max_iter=20, random_state=0).fit(X)


@pytest.mark.parametrize("apart", [1e-2, 1e-5])
def test_columns_that_are_nearly_copies_are_whitened(apart):
    """Columns by themselves are 4 and 11 nats below their Gaussian."""
    random = np.random.default_rng(2)
    X = random.normal(size=(1200, 4))
    X[:, 3] = X[:, 0] + apart * X[:, 3]
    X, others = X[:600], X[600:]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        machine = RestrictedBoltzmannMachine(random_state=0).fit(X)
    assert machine.score(others) > gaussian_score(X, others) - 0.1


@pytest.mark.parametrize("units", [("quartic", "binary"), ("gaussian", "gaussian")])
@pytest.mark.parametrize(("rows", "columns"), [(14, 20), (30, 30)])
def test_fewer_rows_than_columns_are_learned_as_the_shrunk_gaussian(rows, columns, units):
    """Columns by themselves are 5 to 40 nats below it."""
    random = np.random.default_rng(1)
    mixing = random.normal(size=(columns, columns)) / columns**0.5 + 0.5 * np.eye(columns)
    X, others = random.normal(size=(rows, columns)) @ mixing, random.normal(size=(2000, columns)) @ mixing
    with pytest.warns(ConvergenceWarning, match=f"{rows} rows are few for {columns} columns"):
        machine = RestrictedBoltzmannMachine(visible=units[0], hidden=units[1], random_state=0).fit(X)
    assert machine.score(others) > LedoitWolf().fit(X).score(others) - 2
    assert machine.sample(5).shape == (5, columns)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X.__setitem__((3, 1), 1e4), "one value has half of the variance of column 1: leave its row out"),
        (lambda X: X.__setitem__(slice(150, 300), X[:150].copy()), "150 of 300 rows are copies of others"),
    ],
)
def test_rows_that_mislead_are_named(spoil, message):
    X = np.random.default_rng(9).normal(size=(300, 3))
    spoil(X)
    with pytest.warns(ConvergenceWarning, match=message):
        RestrictedBoltzmannMachine(2, max_iter=20, random_state=0).fit(X)


@pytest.mark.parametrize(("far", "scaling"), [(True, None), (True, "columns"), (False, None)])
def test_one_held_out_row_that_decides_is_said(far, scaling):
    """Rows of six to nine deviations, of which no one has half of a column's variance; scaled columns have tails."""
    X = np.random.default_rng(6).normal(size=(300, 2))
    if far:
        X[:4] *= [[6], [7], [-8], [9]]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        RestrictedBoltzmannMachine(2, scaling=scaling, max_iter=50, random_state=0).fit(X)
    texts = [str(warning.message) for warning in said]
    decides = any(text.startswith("one held-out row decides ln p and its error") for text in texts)
    assert decides == (far and scaling is None)
    assert not any("half of the variance" in text for text in texts)


def test_few_rows_of_many_columns_are_not_worse_than_their_gaussian():
    random = np.random.default_rng(5)
    mixing = random.normal(size=(30, 30))
    X, others = random.normal(size=(75, 30)) @ mixing, random.normal(size=(500, 30)) @ mixing
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine = RestrictedBoltzmannMachine(random_state=0).fit(X)
    # Of this draw the rows' own covariance is .8 better than the shrunk one; columns by themselves are 7 worse.
    assert machine.score(others) > gaussian_score(X, others) - 1.5


def test_too_few_iterations_are_said():
    with pytest.warns(ConvergenceWarning, match="still rising after 20 iterations.*max_iter=40"):
        RestrictedBoltzmannMachine(6, max_iter=20, scaling="columns", random_state=0).fit(rings(600, 4))


def test_a_bound_that_comes_before_anything_is_known_is_said():
    with pytest.warns(ConvergenceWarning, match="after 10 iterations|^10 iterations ended before held-out rows"):
        RestrictedBoltzmannMachine(6, max_iter=10, random_state=0).fit(rings(600, 4))


@pytest.mark.parametrize("columns", [3, 12])
def test_a_value_not_seen_before_costs_what_it_costs_a_gaussian(columns):
    """Columns with sharp ends are learned as such; exp(-b phi^4) beyond them took 10^4 nats for one value."""
    random = np.random.default_rng(8)
    X = random.uniform(size=(500, columns)) * np.where(random.uniform(size=(500, 1)) < 0.5, 1, 0.3)
    machine = RestrictedBoltzmannMachine(random_state=0).fit(X)
    new = np.tile(X[:20], (2, 1))
    new[:20, 1], new[20:, 1] = 5, -5
    gaussian = [gaussian_score(X, row[None]) for row in new]
    assert (machine.score_samples(new) > gaussian).all()
    assert (machine.predict(new) == -1).all()
    assert machine.score(X) > gaussian_score(X, X)


def test_outliers():
    X = rings(500, 5)
    machine = RestrictedBoltzmannMachine(6, contamination=0.05, random_state=0).fit(X)
    assert (machine.predict(X) == -1).mean() == pytest.approx(0.05, abs=0.003)
    np.testing.assert_allclose(machine.decision_function(X), machine.score_samples(X) - machine.offset_, rtol=1e-9)
    assert machine.predict([[0.0, 1.0], [9.0, 1.0]]).tolist() == [-1, -1]  # the hole, and far away
    assert (clone(machine).fit_predict(X) == machine.predict(X)).all()


@pytest.mark.slow
@pytest.mark.parametrize("half", range(3))
def test_digits_that_were_never_seen_are_unlike_the_others(half):
    """Learned from half of the digits that are no 8, the other half and all 8s scored, beside a mixture by default."""
    X, y = load_digits(return_X_y=True)
    X = X + np.random.default_rng(7).uniform(size=X.shape)
    others = np.random.default_rng(half).permutation(np.flatnonzero(y != 8))
    train, rest = X[others[: len(others) // 2]], X[others[len(others) // 2 :]]
    test = np.r_[rest, X[y == 8]]
    truth = np.r_[np.zeros(len(rest)), np.ones((y == 8).sum())]
    machine = RestrictedBoltzmannMachine(random_state=0).fit(train)
    ours = roc_auc_score(truth, -machine.score_samples(test))
    theirs = roc_auc_score(truth, -GaussianMixture(10, random_state=0).fit(train).score_samples(test))
    assert ours > max(theirs, 0.75), (ours, theirs)
    # Rest holds pixels that were always 0 before: no row costs hundreds of nats for them.
    assert machine.score(rest) == pytest.approx(machine.held_out_.value, abs=3 * machine.held_out_.error)
    assert machine.score_samples(rest).min() > machine.held_out_.value - 400


def test_what_cannot_be_is_said():
    X = rings(60, 6)
    with pytest.raises(quartic.BadInput, match="gates are learned without chains alone"):
        RestrictedBoltzmannMachine(3, gates=True, n_iter=3).fit(X)
    machine = RestrictedBoltzmannMachine(3, max_iter=50, random_state=0).fit(X)
    assert machine.network_.u.shape == (2, 3)
    with pytest.raises(quartic.BadInput, match="1 rows are too few to go on"):
        machine.partial_fit(X[:1])
    for count in (-1, 2.5):
        with pytest.raises(quartic.BadInput, match="must be an integer"):
            machine.sample(count)
    with pytest.warns(ConvergenceWarning, match="3 rows are too few"):
        clone(machine).fit(X[:3])
    with pytest.raises(quartic.BadInput, match="gates of gaussian and gaussian units"):
        RestrictedBoltzmannMachine(2, visible="gaussian", hidden="gaussian", gates=True).fit(X)
    dependent = np.c_[X, X.sum(1)]
    with pytest.warns(ConvergenceWarning, match="whiten left out: column .* combination of others"):
        assert np.isfinite(RestrictedBoltzmannMachine(2, max_iter=30, random_state=0).fit(dependent).score(dependent))
    few = np.c_[X, np.arange(60) % 3]
    with pytest.warns(ConvergenceWarning, match="column 2 takes at most 20 values: ln p has no limit"):
        RestrictedBoltzmannMachine(2, max_iter=30, random_state=0).fit(few)
    with pytest.raises(quartic.BadInput, match="linear combination of others"):
        RestrictedBoltzmannMachine(2, max_iter=30, scaling="whiten").fit(dependent)
    before = machine.score(X)
    after = machine.partial_fit(X).score(X)  # ten more iterations
    assert after != before
    assert after == pytest.approx(before, abs=0.1)
    plain = RestrictedBoltzmannMachine(3, gates=False, max_iter=50, random_state=0).fit(X)
    assert plain.network_.u is None
    with pytest.raises(quartic.BadInput, match="column 0"):
        quartic.Scaling.fit("whiten", np.c_[np.ones(20), np.arange(20.0)])
