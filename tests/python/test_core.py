"""The extension module: density, graphs, actions, errors."""

import subprocess
import sys

import numpy as np
import pytest

import quartic
from quartic import density


def test_import_is_light():
    code = "import quartic, sys; print([m for m in ('h5py', 'matplotlib', 'mpi4py') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_gaussian_limit_is_exact():
    a, j = np.array([0.5, 2.0])[:, None], np.array([-3.0, 0.0, 1.0])
    expected = 0.5 * np.log(np.pi / a) + j**2 / (4 * a)
    np.testing.assert_allclose(density.log_normaliser(a, 0.0, j), expected, rtol=1e-12, atol=1e-12)
    moments = density.moments(a, 0.0, j)
    np.testing.assert_allclose(moments.second, 1 / (2 * a) + (j / (2 * a)) ** 2, rtol=1e-12)
    assert moments.mean.shape == (2, 3)


@pytest.mark.parametrize("a", [-2.0, 1.5])
def test_density_is_normalised_and_has_its_moments(a):
    x = np.linspace(-6, 6, 20001)
    p = np.exp(density.log_density(x, a, 0.3, 0.7))
    assert np.trapezoid(p, x) == pytest.approx(1, abs=1e-12)
    assert np.trapezoid(p * x**4, x) == pytest.approx(density.moments(a, 0.3, 0.7).fourth, rel=1e-11)


def test_schwinger_dyson():
    a, b, j = -1.3, 0.4, 0.2
    assert isinstance(density.log_normaliser(a, b, j), float)
    m = density.moments(a, b, j)
    assert 4 * b * m.fourth + 2 * a * m.second - j * m.mean == pytest.approx(1, rel=1e-12)


def test_draws_follow_the_density_and_the_seed():
    x = density.draw(-2.0, 0.3, 0.1, size=(200, 100), random_state=1)
    m = density.moments(-2.0, 0.3, 0.1)
    assert x.shape == (200, 100)
    assert abs(x.mean() - m.mean) < 5 * np.sqrt((m.second - m.mean**2) / x.size)
    assert abs((x**2).mean() - m.second) < 5 * np.sqrt((m.fourth - m.second**2) / x.size)
    np.testing.assert_array_equal(x, density.draw(-2.0, 0.3, 0.1, size=(200, 100), random_state=1))
    assert density.draw(np.ones(3), 1.0, random_state=np.random.default_rng(1)).shape == (3,)


def test_unbounded_density_is_refused():
    with pytest.raises(quartic.BadInput):
        density.log_normaliser(-1.0, 0.0)
    with pytest.raises(ValueError):
        density.log_normaliser([1.0, 1.0], [1.0, -1.0])


def test_lattice():
    graph = quartic.lattice("square", [4, 4])
    assert (graph.sites, graph.edges.shape, graph.extent) == (16, (32, 2), [4, 4])
    assert sorted(graph.neighbours(0)) == [1, 3, 4, 12]
    assert quartic.lattice("chain", 5, periodic=False).edges.shape == (4, 2)
    assert quartic.lattice("square", [3, 4], periodic=[True, False]).edges.shape == (12 + 9, 2)


def test_misspelt_lattice_gets_a_hint():
    with pytest.raises(quartic.BadInput, match="square") as caught:
        quartic.lattice("sqare", [4, 4])
    assert "square" in caught.value.hint
    assert caught.value.code == 3


def test_action_is_the_formula():
    rng = np.random.default_rng(3)
    graph = quartic.lattice("triangular", [3, 4])
    action = quartic.Action(graph, r=0.1, b=0.2)
    action.w = rng.normal(size=len(graph.edges))
    action.a = rng.normal(size=graph.sites)
    action.r[2] = 0.7
    phi = rng.normal(size=(2, 5, graph.sites))
    pairs = phi[..., graph.edges[:, 0]] * phi[..., graph.edges[:, 1]]
    expected = -(action.w * pairs).sum(-1) + (action.r * phi + action.a * phi**2 + action.b * phi**4).sum(-1)
    np.testing.assert_allclose(action(phi), expected, rtol=1e-12)
    assert action(phi[0, 0]) == pytest.approx(expected[0, 0])


def test_coupling_views_outlive_the_action():
    w = quartic.Action(quartic.lattice("chain", 50), w=2.0).w
    assert (w == 2.0).all()


def test_wrong_shapes_are_refused():
    graph = quartic.Graph(3, [[0, 1], [1, 2]])
    with pytest.raises(quartic.BadInput, match="one an edge"):
        quartic.Action(graph, w=[1.0, 2.0, 3.0])
    with pytest.raises(quartic.BadInput, match=r"shape \(2,\) are not on"):
        quartic.Action(graph)([1.0, 2.0])
    with pytest.raises(quartic.BadInput):
        quartic.Graph(2, [[0, 2]])


def test_normalisability():
    graph = quartic.lattice("square", [4, 4])
    assert quartic.Action(graph, w=1, a=-1, b=0.1).why_not_normalisable() is None
    assert quartic.Action(graph, w=1, a=1.9).why_not_normalisable()
    assert quartic.Action(graph, w=1, a=2.1).why_not_normalisable() is None
