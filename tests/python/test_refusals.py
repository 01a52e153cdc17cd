"""What the bindings refuse is said in a sentence: argument, value, and what is wanted."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import quartic
from quartic import _quartic

W = np.full((2, 3), 0.1)
NET = quartic.Network(W, "binary", "binary")
X = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
S = quartic.Action(quartic.lattice("square", 2), w=0.3, a=0.5, b=0.2)


def sampler():
    return quartic.NetworkSampler(NET, 4, 1)


def set_w():
    copy.copy(NET).w = None


REFUSED = {
    "sweep of a float": (lambda: sampler().sweep(2.5), r"Sampler\.sweep\(\): count must be an integer, not 2\.5"),
    "sweep of -1": (lambda: sampler().sweep(-1), "count must be an integer from 0 to 2147483647, not -1"),
    "sweep of 2**31": (lambda: sampler().sweep(2**31), "count must be an integer from 0 to .*, not 2147483648"),
    "chains of a float": (lambda: quartic.NetworkSampler(NET, 2.5), r"NetworkSampler\(\): chains must be an integer"),
    "chains, huge": (lambda: quartic.NetworkSampler(NET, 1e300), "chains must be an integer"),
    "chains, many digits": (lambda: quartic.NetworkSampler(NET, 10**30), "chains must be an integer from 1 to"),
    "chains None": (lambda: quartic.NetworkSampler(NET, None), "chains.* None"),
    "chains of a word": (lambda: quartic.NetworkSampler(NET, "a"), "chains must be an integer, not 'a'"),
    "no network": (lambda: quartic.NetworkSampler(W, 4), "network must be a Network, not a ndarray"),
    "steps of a float": (lambda: NET.estimate_log_z(steps=2.5), "steps must be an integer, not 2.5"),
    "steps nan": (lambda: NET.estimate_log_z(steps=float("nan")), "steps must be an integer, not nan"),
    "steps, many digits": (lambda: NET.estimate_log_z(steps=10**30), "steps must be an integer from 1 to"),
    "steps None": (lambda: NET.estimate_log_z(steps=None), "steps.* None"),
    "a base of True": (lambda: NET.estimate_log_z(True), "base must be a Network or None, not True"),
    "threads, many digits": (lambda: NET.free_energy(X, 10**30), "threads cannot be .*: 32 bits"),
    "threads beyond all": (lambda: NET.free_energy(X, 4097), "threads is 4097 .*at most 4096"),
    "threads of draws": (lambda: NET.visible_draw(np.zeros((2, 3)), 1, threads=10**6), "threads is 1000000"),
    "threads of a sampler": (lambda: quartic.NetworkSampler(NET, 4, 1, threads=5000), "threads is 5000"),
    "threads of ln Z": (lambda: NET.estimate_log_z(threads=5000), "threads is 5000"),
    "threads of a learner": (lambda: quartic.NetworkLearner(X, NET, threads=5000), "threads is 5000"),
    "threads of sums": (lambda: NET.exact_moments(threads=5000), "threads is 5000"),
    "threads of a likelihood": (lambda: NET.log_likelihood(X, NET.estimate_log_z(), threads=5000), "threads is 5000"),
    "threads of a float": (lambda: NET.free_energy(X, 1.5), r"Network\.free_energy\(\): threads must be an integer"),
    "units of a number": (lambda: quartic.Network(W, visible=3), r"Network\(\): visible must be text, not 3"),
    "an argument too few": (lambda: NET.energy(1), r"Network\.energy\(\) needs 'h'"),
    "an argument too many": (lambda: NET.transposed.free_energy(X, 1, 2), "takes 2 arguments, not 3"),
    "an unknown argument": (lambda: NET.free_energy(phi=X, what=1), "has no argument 'what'"),
    "an argument twice": (lambda: NET.free_energy(X, phi=X), "'phi' is given twice"),
    "None for an array": (lambda: NET.free_energy(None), "phi must be an array, not None"),
    "None for w": (set_w, r"Network\.w must be an array, not None"),
    "a learner from 1": (lambda: quartic.NetworkLearner(NET, 1), "network must be a Network, not 1"),
    "rungs": (lambda: quartic.NetworkLearner(X, NET, rungs=10**6), "rungs must be an integer from 1 to 1000"),
    "a rate": (lambda: quartic.NetworkLearner(X, NET, rate=1e300), "rate must be > 0 and at most"),
    "chains of a learner": (lambda: quartic.NetworkLearner(X, NET, chains=2**31 - 1), "chains must be an integer"),
    "a state": (lambda: quartic.NetworkLearner(X, NET, state={"epoch": "x"}), "inside an argument"),
    "units from data": (lambda: quartic.Network.from_data(X, 0), "hidden_units must be an integer from 1"),
    "deviation": (lambda: quartic.Network.from_data(X, 2, deviation=np.nan), "deviation must be"),
    "an unmade network": (lambda: quartic.Network.__new__(quartic.Network).w, "never made"),
    "a graph": (lambda: S.graph.same_as(3), r"Graph\.same_as\(\): other must be a Graph, not 3"),
    "a communicator": (lambda: quartic.sample(S, comm=1), "1 is no communicator|needs mpi4py"),
    "a pickled Sampler": (lambda: pickle.dumps(quartic.Sampler(S, 16)), r"cannot be pickled.*sampler\.phi"),
    "a copied Sampler": (lambda: copy.deepcopy(quartic.Sampler(S, 16)), "cannot be pickled or copied"),
    "no runs": (lambda: quartic.to_pymbar([]), "no runs"),
    "a run alone": (lambda: quartic.to_pymbar(S), "must be a sequence"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.filterwarnings("ignore:nanobind")
def test_what_cannot_be_is_refused_in_a_sentence(what):
    call, said = REFUSED[what]
    with pytest.raises(quartic.BadInput, match=said) as refused:
        call()
    assert "\n" not in str(refused.value) and "incompatible" not in str(refused.value)


def functions():
    """Every function, method and setter of the extension module."""
    for name, member in vars(_quartic).items():
        if inspect.isclass(member):
            for key, inner in vars(member).items():
                if type(inner).__name__ in ("nb_func", "nb_method"):
                    yield f"{name}.{key}", inner
        elif type(member).__name__ == "nb_func":
            yield name, member


@pytest.mark.parametrize("name, function", list(functions()))
@pytest.mark.filterwarnings("ignore:nanobind")
def test_no_function_lists_its_signature(name, function):
    class Odd:
        pass

    for given, named in (([Odd()] * 40, {}), ([], {"odd": Odd()}), ([], {})):
        try:
            function(*given, **named)
        except Exception as error:
            assert "incompatible function arguments" not in str(error), name


def test_counts_may_be_arrays_without_dimensions():
    counts = {"chains": 16, "draws": 20, "warm_up": 5, "sweeps": 1, "max_seconds": 60.0}
    one = quartic.sample(S, **{name: np.array(n) for name, n in counts.items()}, random_state=1)
    assert one.draws == 20
    assert quartic.Sampler(S, np.array(16), warm_up=np.array(3), random_state=1).phi.shape == (16, 2, 2)
    quartic.NetworkSampler(NET, np.array(4)).sweep(np.array(2))
    for key in (["m2"], {}, 3):
        with pytest.raises(quartic.BadType, match="name is a str"):
            one[key]
        assert key not in one


def test_functions_stay_what_they_are():
    assert "Move all chains on" in quartic.NetworkSampler.sweep.__doc__
    assert (pickle.loads(pickle.dumps(NET)).w == W).all() and (copy.deepcopy(NET).w == W).all()
    assert isinstance(NET, quartic.Network) and NET.exact_log_z() > 0


def test_threads_of_an_estimator_are_refused_beyond_the_config_s():
    pytest.importorskip("sklearn")
    for many in (10**30, 4097):
        with pytest.raises(quartic.BadInput, match="n_jobs is"):
            quartic.RestrictedBoltzmannMachine(2, n_jobs=many).fit(np.random.default_rng(0).normal(size=(20, 2)))
