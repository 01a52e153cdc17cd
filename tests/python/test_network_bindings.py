"""Networks in Python: formulas, exact values, draws, likelihood, training; and scikit-learn's Bernoulli machine."""

import copy
import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest
from children import default_signals
from sklearn.neural_network import BernoulliRBM

import quartic

UNITS = ["quartic", "gaussian", "binary", "spin"]
PAIRS = list(itertools.product(UNITS, UNITS))


def network(visible: str, hidden: str, shape: tuple[int, int] = (3, 2), strength: float = 0.4) -> quartic.Network:
    rng = np.random.default_rng(7)
    made = quartic.Network(strength * rng.normal(size=shape), visible, hidden)
    made.r, made.s = 0.3 * rng.normal(size=shape[0]), 0.3 * rng.normal(size=shape[1])
    return made


def values(unit: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    choices = {"binary": [0.0, 1.0], "spin": [-1.0, 1.0]}
    return rng.choice(choices[unit], shape) if unit in choices else rng.normal(size=shape)


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_energy_is_the_formula(visible, hidden):
    rng = np.random.default_rng(1)
    net = network(visible, hidden)
    phi, h = values(visible, (2, 5, 3), rng), values(hidden, (2, 5, 2), rng)
    expected = -np.einsum("...i,ij,...j", phi, net.w, h)
    expected += (net.r * phi + net.a * phi**2 + net.b * phi**4).sum(-1)
    expected += (net.s * h + net.m * h**2 + net.n * h**4).sum(-1)
    np.testing.assert_allclose(net.energy(phi, h), expected, rtol=1e-12)
    assert isinstance(net.energy(phi[0, 0], h[0, 0]), float)


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_free_energy_and_expectations_sum_the_hidden_units_out(visible, hidden):
    """Against a plain sum over a grid (or the values) of the hidden units, and the same for the visible ones."""
    net, grid = network(visible, hidden), np.linspace(-8, 8, 801)
    for model, unit, other in ((net, hidden, visible), (net.transposed, visible, hidden)):
        phi = values(other, (4, len(model.r)), np.random.default_rng(2))
        points = {"binary": np.array([0.0, 1.0]), "spin": np.array([-1.0, 1.0])}.get(unit, grid)
        measure = 1 if unit in ("binary", "spin") else grid[1] - grid[0]
        h = points[:, None]
        weight = measure * np.exp((phi @ model.w)[:, None] * h - model.s * h - model.m * h**2 - model.n * h**4)
        energy = (model.r * phi + model.a * phi**2 + model.b * phi**4).sum(-1)
        expected = energy - np.log(weight.sum(1)).sum(-1)
        np.testing.assert_allclose(model.free_energy(phi), expected, rtol=1e-10)
        means = (weight * h).sum(1) / weight.sum(1)
        np.testing.assert_allclose(model.hidden_mean(phi), means, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(model.transposed.visible_mean(phi), means, rtol=1e-9, atol=1e-12)


def test_likelihood_sums_to_one():
    net = network("binary", "quartic", (6, 2))
    rows = np.array(list(itertools.product([0.0, 1.0], repeat=6)))
    assert np.exp(-net.free_energy(rows) - net.exact_log_z()).sum() == pytest.approx(1, rel=1e-12)
    x = np.linspace(-6, 6, 241)
    net = network("quartic", "binary", (2, 5))
    rows = np.stack(np.meshgrid(x, x), -1)
    density = np.exp(-net.free_energy(rows) - net.exact_log_z())
    assert density.shape == (241, 241)
    assert density.sum() * (x[1] - x[0]) ** 2 == pytest.approx(1, rel=1e-8)


@pytest.mark.parametrize(("visible", "hidden"), [("quartic", "binary"), ("gaussian", "quartic"), ("spin", "spin")])
def test_gradient_is_the_derivative_of_the_likelihood(visible, hidden):
    net = network(visible, hidden)
    rows = values(visible, (7, 3), np.random.default_rng(3))
    gradient = net.log_likelihood_gradient(rows)

    def likelihood(changed: quartic.Network) -> float:
        return float(-changed.free_energy(rows).mean() - changed.exact_log_z())

    for name in ("w", "r", "s"):
        flat = getattr(gradient, name).ravel()
        for k in range(flat.size):
            sides = []
            for step in (1e-5, -1e-5):
                changed = copy.deepcopy(net)
                getattr(changed, name).reshape(-1)[k] += step
                sides.append(likelihood(changed))
            assert flat[k] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-6, abs=1e-8)
    model = net.exact_moments()
    np.testing.assert_array_equal(net.log_likelihood_gradient(rows, model).w, gradient.w)
    np.testing.assert_allclose(net.moments_given_visible(rows).w - model.w, gradient.w, atol=1e-14)


def test_draws_follow_the_conditionals_and_the_seed():
    for hidden in UNITS:
        net = network("quartic", hidden)
        rows = np.repeat(np.random.default_rng(4).normal(size=(1, 3)), 10000, 0)
        draws = net.hidden_draw(rows, random_state=5)
        error = draws.std(0, ddof=1) / 100
        assert (np.abs(draws.mean(0) - net.hidden_mean(rows[0])) < 4.5 * error).all(), hidden
        np.testing.assert_array_equal(draws, net.hidden_draw(rows, random_state=5))
        assert (draws != net.hidden_draw(rows, random_state=6)).any()
        assert net.visible_draw(draws[:9], np.random.default_rng(1)).shape == (9, 3)


def test_sampler_has_the_exact_moments():
    net = network("quartic", "quartic", (3, 2), 0.8)
    exact = net.exact_moments()
    sampler = quartic.NetworkSampler(net, 20000, random_state=8)
    sampler.sweep(60)
    phi, h = sampler.visible, sampler.hidden
    error = np.abs(phi[:, :, None] * h[:, None, :]).std(0) / np.sqrt(len(phi))
    assert (np.abs(np.einsum("ci,cj->ij", phi, h) / len(phi) - exact.w) < 4.5 * error).all()
    np.testing.assert_allclose(sampler.hidden_means, net.hidden_mean(phi), rtol=1e-4, atol=1e-5)
    again = quartic.NetworkSampler(net, 20000, random_state=8, threads=1)
    again.sweep(60)
    np.testing.assert_array_equal(again.visible, phi)


def test_sharp_wells_are_spins():
    """b (phi^2 - 1)^2: each quadrant's probability nears that of the spins' signs as 1/b."""
    spins = network("spin", "spin", (2, 3), 0.8)
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=2)))
    exact = -spins.free_energy(signs) - spins.exact_log_z()
    x = np.linspace(-2.5, 2.5, 1001)
    rows = np.stack(np.meshgrid(x, x, indexing="ij"), -1)

    def deviation(b: float) -> float:
        net = quartic.Network(spins.w, "quartic", "quartic", r=spins.r, a=-2 * b, b=b, s=spins.s, m=-2 * b, n=b)
        density = np.exp(-net.free_energy(rows) - net.exact_log_z()) * (x[1] - x[0]) ** 2
        quadrants = [density[np.sign(x) == i][:, np.sign(x) == j].sum() for i, j in signs]
        assert np.sum(quadrants) == pytest.approx(1, abs=1e-6)
        return float(np.abs(np.log(quadrants) - exact).max())

    at_20, at_80 = deviation(20), deviation(80)
    assert at_80 < 0.01
    assert at_20 / at_80 == pytest.approx(4, abs=0.8)


def test_estimated_log_z_holds_the_exact_value():
    net = network("binary", "binary", (12, 10), 0.8)
    rows = net.visible_draw(values("binary", (500, 10), np.random.default_rng(2)), 1)
    exact = net.exact_log_z()
    assert net.estimate_log_z().exact
    assert net.estimate_log_z().value == (exact, 0)
    z = net.estimate_log_z(net.base(rows), exact=False, chains=64, steps=200, sweeps=400, random_state=1)
    assert z.ok, z.reason
    assert 0 < z.value.error < 0.1
    assert abs(z.value.value - exact) < 4 * z.value.error
    likelihood = net.log_likelihood(rows, z)
    assert likelihood.value.value == pytest.approx(-net.free_energy(rows).mean() - z.value.value)
    assert likelihood.lower == pytest.approx(-net.free_energy(rows).mean() - z.reverse.value)


def test_a_first_order_transition_is_not_passed_over_in_silence():
    """All on against all off: no path from independent units knows of the heavier one."""
    n = 30
    net = quartic.Network(np.full((n, n), 0.5), "binary", "binary", r=np.full(n, 7.5), s=np.full(n, 7.2))
    k = np.arange(n + 1)
    binomial = np.concatenate([[0], np.cumsum(np.log((n + 1 - k[1:]) / k[1:]))])
    exact = np.logaddexp.reduce(binomial - 7.5 * k + n * np.logaddexp(0, 0.5 * k - 7.2))
    z = net.estimate_log_z(exact=False, chains=128, steps=200, sweeps=200, ladders=32, random_state=1)
    assert z.ok, z.reason
    assert abs(z.value.value - exact) < 4 * z.value.error
    assert z.modes is not None and z.bound < exact
    on = np.ones((1, n))
    assert net.log_likelihood(on, z).ok
    wrong = net.log_likelihood(on, z._replace(value=z.annealed))
    assert not wrong.ok
    assert "cannot be above 0" in wrong.reason


LONG_CALLS = {
    "estimate_log_z": "net = quartic.Network(np.full((60, 60), 0.01), 'quartic', 'quartic')\n"
    "go = lambda: net.estimate_log_z(steps=10**6, sweeps=10**6, random_state=1)",
    "exact_log_z": "go = lambda: quartic.Network(np.zeros((24, 1000)), 'spin', 'spin').exact_log_z(threads=1)",
    "exact_moments": "go = lambda: quartic.Network(np.zeros((24, 1000)), 'spin', 'spin').exact_moments(threads=1)",
    "partial_fit": "X = (np.random.default_rng(0).random((500, 300)) < 0.2).astype('f4')\n"
    "machine = lambda **options: quartic.RestrictedBoltzmannMachine(200, visible='binary', n_jobs=1, **options)\n"
    "machine().partial_fit(X[:, :3])\n"  # whatever it imports
    "go = lambda: machine(steps=1000).partial_fit(X)",
    "partial_fit, learned exactly": "X = np.random.default_rng(0).normal(0, 1, (500, 8)).cumsum(axis=1)\n"
    "machine = quartic.RestrictedBoltzmannMachine(4, scaling=None, max_iter=10, n_jobs=1).fit(X)\n"
    "go = lambda: machine.partial_fit(np.tile(X, (2000, 1)))",
}
INTERRUPTED = """
import os, signal, sys, threading, time, warnings
warnings.simplefilter("ignore")
def own_time():  # without what others had the processors for
    return time.monotonic() - 1e-9 * int(open("/proc/self/schedstat").read().split()[1])
asked = []
def ask():
    asked.append(own_time())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(0.5, ask).start()
try:
    go()
    sys.exit("it ended by itself")
except KeyboardInterrupt:
    print(own_time() - asked[0])
"""


@pytest.mark.parametrize("call", LONG_CALLS)
def test_interrupt_ends_a_long_call(call):
    code = "import numpy as np, quartic\n" + LONG_CALLS[call] + INTERRUPTED
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=default_signals, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 2


def test_couplings_are_views_and_copies_are_copies():
    net = network("quartic", "gaussian")
    net.w[1, 1], net.b = 0.5, 0.2
    assert net.transposed.w[1, 1] == 0.5
    assert (net.b == 0.2).all()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert repr(other) == repr(net) == "<quartic.Network: 3 quartic visible, 2 gaussian hidden units>"
        for name in "wrabsmn":
            np.testing.assert_array_equal(getattr(other, name), getattr(net, name))
        other.w[0, 0] = 9
        assert net.w[0, 0] != 9
    kept = network("quartic", "binary").w
    assert kept.shape == (3, 2)


def test_what_cannot_be_is_refused():
    with pytest.raises(quartic.BadInput, match="quartic") as caught:
        quartic.Network(np.zeros((2, 2)), "quartick")
    assert "quartic" in caught.value.hint
    with pytest.raises(quartic.BadInput, match="shape"):
        quartic.Network(np.zeros(3))
    net = network("quartic", "binary")
    with pytest.raises(quartic.BadInput, match="one entry a visible unit, 3"):
        net.free_energy(np.zeros((2, 4)))
    with pytest.raises(quartic.BadInput, match="row 1, unit 2 is nan"):
        net.hidden_mean([[0, 0, 0], [0, 0, np.nan]])
    with pytest.raises(quartic.BadInput, match="r has 2 values"):
        net.r = [1.0, 2.0]
    net.b = -1.0
    assert "b = -1" in net.why_not_normalisable()
    with pytest.raises(quartic.BadInput, match="not normalisable"):
        net.hidden_mean(np.zeros((1, 3)))
    with pytest.raises(quartic.BadInput, match="exact"):
        network("quartic", "quartic", (5, 5)).exact_log_z()
    with pytest.raises(quartic.BadInput, match="persistant") as caught:
        quartic.NetworkLearner(np.zeros((4, 3)), network("binary", "binary"), start="persistant")
    assert "persistent" in caught.value.hint


@pytest.mark.parametrize("tempering", ["temperature", "trajectory"])
def test_tempered_training_restarts_to_the_bit_and_knows_its_normaliser(tempering):
    data = np.random.default_rng(2).normal(size=(400, 5)).astype(np.float32)
    options = {"epochs": 4, "batch": 80, "rungs": 3, "tempering": tempering, "random_state": 3}
    trainer = quartic.NetworkLearner(data, quartic.Network.from_data(data, 3, random_state=3), **options)
    row = trainer.step()
    assert abs(row["log_z"] - trainer.network.exact_log_z()) < 5 * row["log_z_error"]
    state = pickle.loads(pickle.dumps(trainer.state()))
    assert [updates for updates, _ in state["snapshots"]] == ([0, 4] if tempering == "trajectory" else [])
    rest = quartic.NetworkLearner(data, trainer.network, state=state, threads=1, **options)
    while not trainer.finished:
        trainer.step(), rest.step()
    assert (trainer.network.w == rest.network.w).all()


def test_training_learns_and_restarts_to_the_bit():
    rng = np.random.default_rng(5)
    data = (rng.choice([-1.0, 1.0], (2000, 1)) * np.linspace(0.5, 1.5, 6) + rng.normal(0, 0.3, (2000, 6))).astype("f4")
    options = {"epochs": 8, "batch": 100, "rate": 0.02, "momentum": 0.5, "random_state": 3}
    start = quartic.Network.from_data(data, 3, random_state=3)
    trainer = quartic.NetworkLearner(data, start, **options)
    rows = [trainer.step() for _ in range(4)]
    state = pickle.loads(pickle.dumps(trainer.state()))
    rest = quartic.NetworkLearner(data, trainer.network, state=state, threads=1, **options)
    while not trainer.finished:
        rows.append(trainer.step())
        assert rest.step() == rows[-1]
    np.testing.assert_array_equal(trainer.network.w, rest.network.w)
    np.testing.assert_array_equal(trainer.chains, rest.chains)
    assert [row["epoch"] for row in rows] == list(range(1, 9))

    def likelihood(net: quartic.Network) -> float:
        return net.log_likelihood(data, net.estimate_log_z()).value.value

    # Two clusters: the mixture of two Gaussians that made the data gains ln p over independent columns.
    assert likelihood(trainer.network) > likelihood(start) + 1


# --- scikit-learn's machine with the same weights ---


def bernoulli() -> tuple[BernoulliRBM, quartic.Network, np.ndarray]:
    """A machine of 20 x 12 units fitted for a moment, the same as a network, and 40 rows."""
    rng = np.random.default_rng(11)
    rows = (rng.random((40, 20)) < np.linspace(0.1, 0.9, 20)).astype(float)
    machine = BernoulliRBM(12, learning_rate=0.5, batch_size=40, n_iter=3, random_state=0).fit(rows)
    machine.components_ += rng.normal(0, 0.5, machine.components_.shape)
    machine.intercept_hidden_ += rng.normal(0, 0.5, 12)
    return machine, as_network(machine), rows


def as_network(machine: BernoulliRBM) -> quartic.Network:
    return quartic.Network(
        machine.components_.T, "binary", "binary", r=-machine.intercept_visible_, s=-machine.intercept_hidden_
    )


def test_free_energy_and_hidden_means_are_scikit_learns():
    machine, net, rows = bernoulli()
    np.testing.assert_allclose(net.free_energy(rows), machine._free_energy(rows), rtol=1e-10)
    np.testing.assert_allclose(net.hidden_mean(rows), machine._mean_hiddens(rows), rtol=1e-10)
    np.testing.assert_allclose(net.hidden_mean(rows), machine.transform(rows), rtol=1e-10)


def test_pseudo_likelihood_is_scikit_learns():
    """ln p(x_i | the rest) from free energies of rows with one unit flipped, as score_samples of it has them."""
    machine, net, rows = bernoulli()
    flipped = rows.copy()
    at = (np.arange(len(rows)), np.random.RandomState(0).randint(0, rows.shape[1], len(rows)))
    flipped[at] = 1 - flipped[at]
    machine.random_state = 0
    mine = -rows.shape[1] * np.log1p(np.exp(net.free_energy(rows) - net.free_energy(flipped)))
    np.testing.assert_allclose(mine, machine.score_samples(rows), rtol=1e-10)


def test_update_is_scikit_learns():
    """Positive and negative phase of one of its updates, v_neg drawn by it; and our trainer's update, in float32."""
    machine, net, rows = bernoulli()
    before = copy.deepcopy(machine)
    v_neg = machine._sample_visibles(machine.h_samples_, np.random.RandomState(3))
    machine._fit(rows, np.random.RandomState(3))
    ours, model = net.moments_given_visible(rows), net.moments_given_visible(v_neg)
    change = [(np.asarray(getattr(machine, name)) - getattr(before, name)) / machine.learning_rate for name in
              ("components_", "intercept_visible_", "intercept_hidden_")]  # fmt: skip
    for theirs, moment in zip(change, ("w", "r", "s"), strict=True):
        mine = getattr(ours, moment) - getattr(model, moment)
        np.testing.assert_allclose(theirs.T, mine, rtol=1e-10, atol=1e-14)

    trainer = quartic.NetworkLearner(rows, net, batch=40, rate=0.5, centring=False, random_state=1)
    trainer.update(rows)
    model = net.moments_given_visible(trainer.chains)
    np.testing.assert_allclose(trainer.network.w - net.w, 0.5 * (ours.w - model.w), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(trainer.network.r - net.r, -0.5 * (ours.r - model.r), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(trainer.network.s - net.s, -0.5 * (ours.s - model.s), rtol=1e-4, atol=1e-6)


def test_what_is_known_of_ln_z_is_printed_in_a_line():
    network = quartic.Network(np.full((3, 2), 0.3))
    z = network.estimate_log_z()
    assert str(z) == f"{z.value.value:.6g}, exact"
    assert str(z._replace(exact=False, value=quartic.Estimate(5.123, 0.02))) == "5.12(2)"
    assert str(z._replace(exact=False, ok=False, reason="it is not")).endswith("NOT TO BE TRUSTED: it is not")
