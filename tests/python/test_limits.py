"""Numbers that cannot be, estimators that were not fitted, forks after threads."""

import multiprocessing

import numpy as np
import pytest

import quartic

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

X = np.random.default_rng(0).normal(0, 1, (200, 30))


def fitted(threads):
    machine = quartic.RestrictedBoltzmannMachine(20, visible="gaussian", n_iter=1, random_state=0, n_jobs=threads)
    return machine.fit(X).components_.sum()


def test_children_of_a_process_that_used_threads_work_on_one():
    wanted = fitted(2)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(fitted, [2, 2]).get(timeout=60) == [wanted, wanted]


@pytest.mark.parametrize("method", ["transform", "gibbs", "score_samples", "predict", "decision_function"])
def test_what_was_not_fitted_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(quartic.RestrictedBoltzmannMachine(), method)(X)


@pytest.mark.parametrize("kind", [quartic.RestrictedBoltzmannMachine, quartic.DeepStack])
def test_what_was_not_fitted_has_no_names_of_features(kind):
    with pytest.raises(NotFittedError):
        kind().get_feature_names_out()


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64])
def test_seeds_out_of_range_are_refused(seed):
    network = quartic.RestrictedBoltzmannMachine(2, n_iter=1, random_state=0, n_jobs=1).fit(X[:, :3]).network_
    for use in (
        lambda: quartic.NetworkSampler(network, 4, seed),
        lambda: network.estimate_log_z(random_state=seed),
        lambda: network.hidden_draw(X[:, :3], seed),
    ):
        with pytest.raises(quartic.BadInput, match="random_state is"):
            use()


def test_numbers_of_rows_and_sweeps_out_of_range_are_refused():
    machine = quartic.RestrictedBoltzmannMachine(2, n_iter=1, random_state=0, n_jobs=1).fit(X[:, :3])
    for wrong in (
        {"n_samples": 10**11},
        {"n_samples": 0},
        {"n_samples": 2, "sweeps": -1},
        {"n_samples": 2, "sweeps": 1.5},
    ):
        with pytest.raises(quartic.BadInput, match="must be an integer"):
            machine.sample(**wrong)
    with pytest.raises(ValueError, match="batch_size"):
        quartic.RestrictedBoltzmannMachine(2, batch_size=2**40).fit(X)


def test_ranges_are_those_of_the_config():
    from quartic.ranges import range_of

    rungs = range_of("training.rungs")
    assert (rungs.low, rungs.high, rungs.integer) == (1, 1000, True)
    assert range_of("training.rate").low_excluded and not range_of("training.rate").holds(0)
    for key, beyond in (("rungs", 1001), ("batch_size", 2**20 + 1), ("learning_rate", 1e7), ("momentum", 1.0)):
        with pytest.raises(ValueError, match=key):
            quartic.RestrictedBoltzmannMachine(2, **{key: beyond}).fit(X)
    S = quartic.Action(quartic.lattice("square", 2), w=0.3, a=0.5, b=0.2)
    for wrong in (0, -1, 1e7, float("nan")):
        with pytest.raises(quartic.BadInput, match="error must be > 0 and at most"):
            quartic.free_energy(S, error=wrong)


def test_axes_without_their_scale_have_a_name_of_their_own_and_none_disagrees(tmp_path):
    h5py = pytest.importorskip("h5py")
    run = quartic.sample(
        quartic.Action(quartic.lattice("square", 2), w=0.3, a=0.5, b=0.2), draws=10, chains=16, random_state=1
    )
    run.save(tmp_path / "run.h5")
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        file["posterior/other"] = np.arange(3)
        del file["posterior/chain"]
        file.move("posterior/other", "posterior/chain")
    assert quartic.open(tmp_path / "run.h5").data["posterior/phi"].dims[0] == "phi_0"
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        scale, phi = file["posterior/chain"], file["posterior/phi"]
        scale.make_scale("chain")
        del phi.attrs["DIMENSION_LIST"]
        phi.dims[0].attach_scale(scale)
    with pytest.raises(quartic.BadInput, match="not that of a run file"):
        quartic.open(tmp_path / "run.h5").data  # noqa: B018


def test_what_leads_elsewhere_or_in_a_circle_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    run = quartic.sample(
        quartic.Action(quartic.lattice("square", 2), w=0.3, a=0.5, b=0.2), draws=10, chains=16, random_state=1
    )
    run.save(tmp_path / "run.h5")
    virtual = h5py.VirtualLayout((4,), "f8")
    virtual[...] = h5py.VirtualSource(".", "/model/b", (4,))

    def into_itself(file):
        del file["model/b"]
        file.create_virtual_dataset("model/b", virtual)

    def round_and_round(file):
        file["model/model"] = file["model"]

    def away(file):
        del file["model/b"]
        file["model/b"] = h5py.SoftLink("/model/b")

    for change, said in ((into_itself, "another place"), (round_and_round, "no group"), (away, "a link")):
        path = tmp_path / f"{change.__name__}.h5"
        path.write_bytes((tmp_path / "run.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            change(file)
        with pytest.raises(quartic.BadInput, match=said):
            quartic.open(path).data  # noqa: B018


MASKED = np.ma.array(X[:, :3], mask=X[:, :3] > 2)
S = quartic.Action(quartic.lattice("chain", 3), w=0.3, a=0.5, b=0.2)
NETWORK = quartic.Network(np.full((3, 2), 0.1))


@pytest.mark.parametrize("use", [
    S, lambda x: quartic.judge(S, x), lambda x: quartic.judge(S, X[:, :3], x[:, 0]), NETWORK.free_energy,
    lambda x: quartic.Network(x), lambda x: quartic.NetworkLearner(x, NETWORK), lambda x: quartic.density.moments(x, 1),
    lambda x: quartic.Action(S.graph, w=0.1, a=x[0], b=1), quartic.RestrictedBoltzmannMachine(2).fit,
    quartic.LatticeField().fit, quartic.RestrictedBoltzmannMachine(2, n_iter=1, random_state=0).fit(X[:, :3]).predict,
])  # fmt: skip
def test_masked_values_are_no_values(use):
    masked = MASKED.copy()
    masked[0, 0] = np.ma.masked
    with pytest.raises(quartic.BadInput, match="masked"):
        use(masked)


def test_an_array_that_masks_nothing_is_an_array():
    assert (S(np.ma.array(X[:, :3])) == S(X[:, :3])).all()


@pytest.mark.parametrize("units", ["quartic", "gaussian", "binary", "spin"])
@pytest.mark.parametrize("size", [1e29, 1e31, 1e200, 1e308])
def test_couplings_out_of_the_reach_of_float32_are_refused(units, size):
    network = quartic.Network(np.zeros((2, 3)), units, "quartic")
    network.w[:] = size
    row = np.ones((1, 2))
    for use in (
        lambda: network.free_energy(row),
        lambda: network.hidden_draw(row, random_state=1),
        lambda: network.visible_mean(np.ones((1, 3))),
        lambda: quartic.NetworkSampler(network, 4, 1),
        lambda: network.estimate_log_z(random_state=1),
        lambda: quartic.NetworkLearner(row, network),
        lambda: network.moments_given_visible(row),
        lambda: network.exact_log_z(),
        lambda: network.log_likelihood_gradient(row),
    ):
        with pytest.raises(quartic.BadInput, match=r"float32's reach"):
            use()


def test_large_couplings_within_reach_give_finite_numbers():
    network = quartic.Network(np.full((2, 3), 1e6), "quartic", "quartic")
    sampler = quartic.NetworkSampler(network, 16, 1)
    sampler.sweep(20)
    assert np.isfinite(sampler.visible).all() and np.isfinite(network.free_energy(sampler.visible)).all()
    assert np.isfinite(quartic.Network(np.full((2, 3), 1e6), "binary", "binary").exact_log_z())


FITS = [
    quartic.RestrictedBoltzmannMachine(2, n_iter=1, random_state=0),
    quartic.RestrictedBoltzmannMachine(2, scaling="power", max_iter=10, random_state=0),
    quartic.LatticeField(chains=16, max_iter=2, random_state=0),
    quartic.DeepStack([2], n_iter=1, random_state=0),
]


@pytest.mark.parametrize("estimator", FITS[2:], ids=repr)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_out_of_reach_are_named(estimator):
    """Of a RestrictedBoltzmannMachine they are outliers, however far."""
    estimator = clone(estimator).fit(X[:, :2])
    for use in ("score_samples", "predict", "transform", "gibbs", "partial_fit"):
        if not hasattr(estimator, use):
            continue
        for size in (1e32, 1e154, 1e200, 1e300):
            rows = X[:8, :2].copy()
            rows[3, 1] = size
            with pytest.raises(quartic.BadInput, match=r"row 3, column 1 is 1e\+\d+, more than 1e\+30 spreads"):
                getattr(estimator, use)(rows)
        assert use == "partial_fit" or np.isfinite(getattr(estimator, use)(1e28 * X[:8, :2])).all()


@pytest.mark.parametrize("estimator", FITS, ids=repr)
def test_no_thread_is_none(estimator):
    with pytest.raises(quartic.BadInput, match=r"n_jobs is 0 .*from 1 to 4096"):
        clone(estimator).set_params(n_jobs=0).fit(X[:, :2])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_rows_are_said_to_be_none():
    field = quartic.LatticeField("square", chains=16, max_iter=2, random_state=0).fit(X[:, :4].reshape(-1, 2, 2))
    for none in (np.empty((0, 2, 2)), np.empty((0, 4))):
        with pytest.raises(ValueError, match="0 sample"):
            field.score_samples(none)


ENDLESS = range(10**30)


@pytest.mark.parametrize("use", [
    lambda: quartic.judge(S, X[:, :3], ENDLESS), lambda: quartic.LatticeField(shape=ENDLESS).fit(X),
    lambda: quartic.DeepStack(ENDLESS).fit(X), lambda: quartic.reweight("none.h5", scan={"nn": ENDLESS}),
    lambda: quartic.reweight("none.h5", scan={"nn": range(100001)}),
])  # fmt: skip
def test_a_range_is_refused_before_it_is_an_array(use):
    with pytest.raises(quartic.BadInput, match=r"may have at most \d+ values, not \d+"):
        use()
