"""The estimator: scikit-learn's own checks, likelihoods in the units of the data, restarts, features that help."""

import os
import pickle
import subprocess
import sys

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # or scikit-learn skips one of its checks; before scipy is imported

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import quartic
from quartic import DeepStack, LatticeField, RestrictedBoltzmannMachine


@parametrize_with_checks(
    [
        RestrictedBoltzmannMachine(n_components=3, n_iter=2),
        RestrictedBoltzmannMachine(n_components=2, n_iter=2, hidden="quartic", scaling="all", noise=0.1),
        RestrictedBoltzmannMachine(n_components=3, n_iter=2, visible="gaussian", hidden="spin", rungs=2),
        LatticeField(chains=256),
        DeepStack([3, 2], n_iter=2),
    ]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def two_clusters(rows: int = 1000, columns: int = 4, seed: int = 0) -> np.ndarray:
    """Signs common to all columns, noise, and very different units."""
    rng = np.random.default_rng(seed)
    z = rng.choice([-1.0, 1.0], (rows, 1)) + rng.normal(0, 0.3, (rows, columns))
    return z * 10.0 ** np.arange(-2, columns - 2) + 1000


def test_likelihood_is_a_density_in_the_units_of_the_data():
    X = two_clusters(columns=2)
    rbm = RestrictedBoltzmannMachine(4, n_iter=5, random_state=1).fit(X)
    assert rbm.log_z_.exact
    axes = [np.linspace(X[:, k].mean() - 6 * X[:, k].std(), X[:, k].mean() + 6 * X[:, k].std(), 301) for k in (0, 1)]
    density = np.exp(rbm.score_samples(np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)))
    volume = np.prod([axis[1] - axis[0] for axis in axes])
    assert density.sum() * volume == pytest.approx(1, rel=1e-6)
    assert rbm.score(X) == pytest.approx(rbm.score_samples(X).mean())


def test_binary_likelihood_is_a_probability():
    X = (np.random.default_rng(2).random((200, 4)) < 0.3).astype(float)
    rbm = RestrictedBoltzmannMachine(3, visible="binary", random_state=0).fit(X)
    every = ((np.arange(16)[:, None] >> np.arange(4)) & 1).astype(float)
    assert np.exp(rbm.score_samples(every)).sum() == pytest.approx(1, rel=1e-12)
    with pytest.raises(ValueError, match=r"row 0, column 1 is 0.5"):
        rbm.transform([[0, 0.5, 1, 1]])


@pytest.mark.parametrize("scaling", ["columns", "all"])
def test_learning_does_not_depend_on_the_units(scaling):
    X = two_clusters() if scaling == "columns" else two_clusters() / 10.0 ** np.arange(-2, 2)
    one = RestrictedBoltzmannMachine(3, scaling=scaling, n_iter=3, random_state=3).fit(X)
    other = RestrictedBoltzmannMachine(3, scaling=scaling, n_iter=3, random_state=3).fit(64 * X)
    np.testing.assert_allclose(other.score_samples(64 * X), one.score_samples(X) - 4 * np.log(64), atol=1e-3)


def test_learns_samples_and_scores_both_clusters():
    X = two_clusters()
    rbm = RestrictedBoltzmannMachine(3, learning_rate=0.03, batch_size=50, n_iter=100, rungs=4, random_state=4).fit(X)
    draws = rbm.sample(4000, random_state=5)
    np.testing.assert_array_equal(draws, rbm.sample(4000, random_state=5))
    for rows in (draws, rbm.gibbs(X, random_state=6)):
        z = (rows - X.mean(0)) / X.std(0)
        assert 0.35 < (z.sum(1) > 0).mean() < 0.65  # persistent chains wander by 0.06
        assert np.corrcoef(z.T)[0, 3] > 0.8 * np.corrcoef(X.T)[0, 3]
    # Held-out rows: not far below the mixture of two Gaussians that made them.
    held_out, units = two_clusters(seed=9), 10.0 ** np.arange(-2, 2)
    z = (held_out - 1000) / units
    normal = [-((z - centre) ** 2).sum(1) / (2 * 0.3**2) - 2 * np.log(2 * np.pi * 0.3**2) for centre in (-1, 1)]
    best = (np.logaddexp(*normal) - np.log(2)).mean() - np.log(units).sum()
    assert best - 0.4 < rbm.score(held_out) < best + 3 * np.sqrt(2 / len(held_out))


def test_partial_fit_goes_on_to_the_bit_also_through_pickle():
    X = two_clusters(300)
    one = RestrictedBoltzmannMachine(3, batch_size=50, n_iter=2, noise=0.1, random_state=1).fit(X)
    other = pickle.loads(pickle.dumps(one))
    for rows in (X, X[:70]):
        one.partial_fit(rows)
        other = pickle.loads(pickle.dumps(other.partial_fit(rows)))
        np.testing.assert_array_equal(one.components_, other.components_)
        np.testing.assert_array_equal(one.chains_, other.chains_)
    np.testing.assert_array_equal(one.score_samples(X), other.score_samples(X))
    again = clone(one).set_params(n_jobs=1).fit(X)
    np.testing.assert_array_equal(again.components_, clone(one).fit(X).components_)


def test_partial_fit_is_one_trainer_over_all_batches():
    X = two_clusters(300)
    rbm = RestrictedBoltzmannMachine(3, batch_size=100, random_state=1).partial_fit(X).partial_fit(X[:150])
    z = ((X - rbm.center_) / rbm.scale_).astype(np.float32)
    trainer = quartic.NetworkLearner(
        z, quartic.Network.from_data(z, 3, random_state=rbm._seed), batch=100, random_state=rbm._seed
    )
    for rows in (z[:100], z[100:200], z[200:], z[:100], z[100:150]):
        trainer.update(rows)
    np.testing.assert_array_equal(rbm.network_.w, trainer.network.w)
    np.testing.assert_array_equal(rbm.chains_, trainer.chains)


def test_constant_column_is_named_with_its_remedies():
    pandas = pytest.importorskip("pandas")
    X = two_clusters()
    X[:, 2] = 7
    rbm = RestrictedBoltzmannMachine(3, n_iter=1, random_state=0)
    with pytest.raises(quartic.BadInput, match="column 2 of the data does not vary") as caught:
        rbm.fit(X)
    assert "VarianceThreshold" in caught.value.hint
    with pytest.raises(ValueError, match="column 2 \\('depth'\\)"):
        rbm.fit(pandas.DataFrame(X, columns=["x", "y", "depth", "z"]))
    assert np.isfinite(rbm.set_params(noise=0.1).fit(X).score(X))
    assert list(rbm.get_feature_names_out())[:1] == ["restrictedboltzmannmachine0"]


@pytest.mark.parametrize(
    "estimator",
    [
        RestrictedBoltzmannMachine(),
        RestrictedBoltzmannMachine(2, scaling="all", max_iter=10),
        RestrictedBoltzmannMachine(2, n_iter=1),
        RestrictedBoltzmannMachine(20, hidden="gaussian", n_iter=None),
        RestrictedBoltzmannMachine(2, visible="gaussian", scaling="power", gates=False),
        LatticeField(chains=16, max_iter=2),
        LatticeField(scaling="all", noise=0.1, chains=16, max_iter=2),
        DeepStack([2], n_iter=1),
        DeepStack([2], n_iter=1, scaling="zca"),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_table_with_names_is_learned_as_its_numbers_are(estimator):
    pandas = pytest.importorskip("pandas")
    X = two_clusters(100)
    table = pandas.DataFrame(X, columns=list("abcd"))
    named, bare = (clone(estimator).set_params(random_state=0).fit(rows) for rows in (table, X))
    assert named.feature_names_in_.tolist() == list("abcd")
    assert (named.sample(2, random_state=1) == bare.sample(2, random_state=1)).all()
    use = "transform" if hasattr(named, "transform") else "score_samples"
    assert (getattr(named, use)(table) == getattr(bare, use)(X)).all()


def test_zero_of_a_quartic_unit_lies_between_its_peaks():
    """Where r, a and b can describe them: at the mean of peaks of unequal height they cannot."""
    rng = np.random.default_rng(3)
    X = np.where(rng.random((4000, 2)) < 0.1, 1.0, 0.0) + rng.normal(0, 0.1, (4000, 2)) + [5, -300]
    rbm = RestrictedBoltzmannMachine(2, n_iter=10, random_state=0).fit(X)
    np.testing.assert_allclose(rbm.center_, [5.5, -299.5], atol=0.03)

    def independent(zero: np.ndarray) -> float:
        """<ln p> of the best two quartic units with their zero there."""
        net = quartic.Network.from_data(X - zero, 1, deviation=0)
        return net.log_likelihood(X - zero, net.estimate_log_z()).value.value

    best = independent([5.5, -299.5])
    assert best > independent(X.mean(0)) + 0.5
    assert best - 0.02 < rbm.score(X) < best + 0.02
    late = np.zeros((12000, 2))
    late[:, 0], late[6001::2, 1] = rng.normal(size=12000), 1  # the second column is constant in the rows looked at
    assert np.isfinite(RestrictedBoltzmannMachine(2, n_iter=1, batch_size=1000, random_state=0).fit(late).center_).all()


def test_likelihood_without_exact_value_comes_with_its_interval():
    X = two_clusters(columns=5)
    rbm = RestrictedBoltzmannMachine(5, hidden="quartic", n_iter=3, random_state=2).fit(X)
    z = rbm.estimate_log_z(chains=64, steps=100, sweeps=200, ladders=32)
    assert not z.exact
    assert 0 < z.value.error < 1
    assert z is rbm.log_z_
    assert np.isfinite(rbm.score(X))
    assert rbm.partial_fit(X)._log_z is None


def test_unfitted_is_said():
    with pytest.raises(NotFittedError):
        RestrictedBoltzmannMachine().log_z_  # noqa: B018


def test_import_needs_no_scikit_learn():
    code = """
import sys
sys.modules["sklearn"] = None
import quartic
assert "RestrictedBoltzmannMachine" in dir(quartic)
try:
    quartic.RestrictedBoltzmannMachine
except ImportError as error:
    print(error)
"""
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "pip install 'quartic[sklearn]'" in out
    light = "import quartic, sys; print([m for m in ('sklearn', 'scipy', 'h5py') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", light], text=True).strip() == "[]"


def test_features_of_digits_serve_a_classifier():
    """300 units learned without labels, in a Pipeline: with 300 labels a linear classifier on them beats one on the raw
    pixels, with all labels it loses nothing; either way it is far ahead of scikit-learn's Bernoulli machine. Means over
    two splits of 719 rows to test, so that the error of a difference is about 0.005."""
    X, y = load_digits(return_X_y=True)
    ours = RestrictedBoltzmannMachine(
        300, scaling="all", noise=0.3, learning_rate=0.1, batch_size=50, n_iter=40, n_jobs=1, random_state=0
    )
    theirs = BernoulliRBM(300, learning_rate=0.06, n_iter=10, random_state=0)
    scores = {name: np.zeros(2) for name in ("raw", "ours", "theirs")}
    for seed in (0, 1):
        train, test, labels, truth = train_test_split(X / 16, y, test_size=0.4, stratify=y, random_state=seed)
        _, few = train_test_split(np.arange(len(train)), test_size=300, stratify=labels, random_state=seed)
        for name, features in (("raw", "passthrough"), ("ours", ours), ("theirs", theirs)):
            pipeline = make_pipeline(features, StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
            of_all = pipeline.fit(train, labels).score(test, truth)
            of_few = clone(pipeline[-1]).fit(pipeline[:-1].transform(train[few]), labels[few])
            scores[name] += np.array([of_all, of_few.score(pipeline[:-1].transform(test), truth)]) / 2
    assert scores["ours"][0] > scores["raw"][0] - 0.01, scores
    assert scores["ours"][1] > scores["raw"][1], scores
    assert (scores["ours"] > scores["theirs"] + 0.03).all(), scores


def test_columns_of_very_different_units_are_columns():
    X = np.random.default_rng(0).normal(size=(300, 3)) * [1.0, 1e-9, 1e9] + [0, 1e-8, 5e9]
    field = LatticeField(chains=256, random_state=0).fit(X)
    plain = LatticeField(chains=256, random_state=0).fit((X - X.mean(0)) / X.std(0))
    assert field.score(X) == pytest.approx(plain.score((X - X.mean(0)) / X.std(0)) - np.log(X.std(0)).sum(), abs=1e-2)
    with pytest.raises(quartic.BadInput, match="column 1 of the data does not vary"):
        LatticeField().fit(X * [1, 0, 1])


def test_tails_of_a_field_are_called_heavy_beyond_chance_alone():
    random = np.random.default_rng(7)
    X = random.multivariate_normal(np.zeros(5), 0.6 ** abs(np.subtract.outer(range(5), range(5))), 2000)
    field = LatticeField(chains=256, random_state=0).fit(X)
    assert "at their bound, where the model is Gaussian" in str(field.result_)
    assert "heavier tails" not in str(field.result_)
    X[:, 3] = random.standard_t(5, 2000)
    with pytest.warns(ConvergenceWarning, match=r"heavier tails than exp\(-b phi\^4\) can have in column 3"):
        field = LatticeField(chains=256, random_state=0).fit(X)
    assert "heavier tails than exp(-b phi^4) can have in column 3: take its logarithm" in str(field.result_)


def test_a_field_says_where_columns_have_no_density():
    """Of few values, and of Cauchy's distribution, which one row decides."""
    random = np.random.default_rng(2)
    X = random.normal(size=(500, 4))
    X[:, 1], X[:, 2] = np.floor(X[:, 1]), random.standard_cauchy(500)
    with pytest.warns(ConvergenceWarning, match="column 1 takes at most 20 values"):
        field = LatticeField(chains=256, random_state=0).fit(X)
    said = " ".join(check.advice for check in field.result_.checks if not check.ok)
    assert "one value has half of the variance of column 2" in said
    assert "heavier tails than exp(-b phi^4) can have in column 2" in said


@pytest.mark.parametrize(("rho", "least", "most"), [(0.99, 5, 16), (0.0, 2.9, 3.1)])
def test_moments_that_say_one_thing_are_one_moment(rho, least, most):
    """Of correlation .99 all 23 are of one mode: their mean z^2 is chi^2 of little freedom."""
    distance = abs(np.subtract.outer(range(6), range(6)))
    X = np.random.default_rng(1).multivariate_normal(np.zeros(6), rho**distance, 1000)
    field = LatticeField(chains=256, random_state=0).fit(X)
    (check,) = (check for check in field.result_.checks if check.name == "chi2 of the data's moments")
    assert least < float(check.threshold.removeprefix("<= ")) < most


def test_few_rows_of_a_field_are_warned_of():
    with pytest.warns(UserWarning, match="4 rows are too few"):
        LatticeField(chains=256, random_state=0).fit(np.random.default_rng(0).normal(size=(4, 3)))


def test_a_stack_is_whitened_where_its_warning_says_so():
    """Columns by themselves miss correlations, and say so in the estimator's words; far from 0."""
    random = np.random.default_rng(3)
    X = 100 + random.multivariate_normal(np.zeros(4), 0.1 * np.eye(4) + 0.9, 100)
    with pytest.warns(ConvergenceWarning, match=r'scaling = "whiten" begins at that Gaussian') as said:
        DeepStack([5, 3], random_state=0).fit(X)
    assert not any("data.scaling" in str(one.message) or "training." in str(one.message) for one in said)
    with pytest.warns(ConvergenceWarning):  # the second layer has nothing to learn
        stack = DeepStack([5, 3], scaling="whiten", random_state=0).fit(X)
    with pytest.raises(quartic.BadInput, match=r"must be one of .*'whiten', 'zca'"):
        DeepStack([5, 3], scaling="power").fit(X)
    drawn = stack.sample(4000, random_state=1)
    np.testing.assert_allclose(drawn.mean(0), X.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(X.T), atol=0.25)
    assert stack.transform(X).shape == (100, 3)
