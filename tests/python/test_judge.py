"""quartic.judge on fields whose distribution is exactly known: Gaussian ones, drawn by numpy."""

import numpy as np
import pytest

import quartic

EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (1, 3), (2, 5)]
W = [0.4, -0.3, 0.5, 0.2, -0.4, 0.3, 0.6]
A = [1.0, 1.2, 1.5, 1.1, 0.9, 1.3]


def gaussian(w=1.0, mean=0.0):
    """S on an edge list, couplings w of both signs, and its covariance; r makes the mean."""
    precision = np.diag(2.0 * np.array(A))
    for (i, j), g in zip(EDGES, W, strict=True):
        precision[i, j] -= w * g
        precision[j, i] -= w * g
    r = -precision @ np.full(6, mean)
    return quartic.Action(quartic.Graph(6, EDGES), w=w * np.array(W), r=r, a=A, b=0), np.linalg.inv(precision)


def rows(count, seed, w=1.0, mean=0.0):
    covariance = gaussian(w)[1]
    return np.random.default_rng(seed).multivariate_normal(np.full(6, mean), covariance, count)


def density(phi, covariance):
    return (
        -0.5 * np.einsum("ni,ij,nj->n", phi, np.linalg.inv(covariance), phi)
        - 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1]
    )


@pytest.mark.parametrize("mean", [0.0, 0.7, 300.0])
def test_exact_rows_pass(mean):
    action, _ = gaussian(mean=mean)
    found = [quartic.judge(action, rows(3000, seed, mean=mean), random_state=seed) for seed in range(4)]
    assert all(f.ok for f in found), [f.findings for f in found]
    assert len({f.p_value for f in found}) == 4
    assert all(f.effective == 3000 for f in found)


def test_wrong_couplings_are_named():
    action, _ = gaussian(mean=0.3)
    found = quartic.judge(action, rows(20000, 1, w=1.25, mean=0.3), random_state=1)
    assert found.verdict == "WRONG" and found.p_value < 1e-6 and not found.ok
    assert "w" in found.findings[0]
    assert "WRONG" in str(found) and found.findings[0] in str(found)
    assert "WRONG" in repr(found) and "<table>" in found._repr_html_()
    assert [c.name for c in found.checks if not c.ok]


def test_chains_have_their_autocorrelation_measured():
    action, covariance = gaussian()
    random, root, rho = np.random.default_rng(1), np.linalg.cholesky(covariance), 0.9  # tau = 9.5
    phi = np.empty((4, 3000, 6))
    phi[:, 0] = random.normal(size=(4, 6))
    for t in range(1, 3000):
        phi[:, t] = rho * phi[:, t - 1] + np.sqrt(1 - rho**2) * random.normal(size=(4, 6))
    phi = phi @ root.T
    found = quartic.judge(action, phi, random_state=1)
    assert found.ok, found.findings
    assert 300 < found.effective < 2500
    one = quartic.judge(action, phi[0], random_state=1)
    assert one.verdict == "WRONG" and any("one_chain" in f for f in one.findings)
    assert quartic.judge(action, phi[0], one_chain=True, random_state=1).ok


def test_repeats_fail_by_name():
    action, _ = gaussian()
    phi = rows(2000, 3)
    phi[1500] = phi[7]
    found = quartic.judge(action, phi, random_state=1)
    assert found.verdict == "WRONG" and "row 1500 is row 7" in found.findings[0]
    phi[1500] = -phi[7]
    assert "changed copy" in quartic.judge(action, phi, random_state=1).findings[0]
    chains = rows(4000, 4).reshape(4, 1000, 6)
    assert quartic.judge(action, chains, random_state=1).ok
    chains[3, 10] = chains[1, 20]
    assert "draw 10 of chain 3 is draw 20 of chain 1" in quartic.judge(action, chains, random_state=1).findings[0]


def test_single_sites_repeat_by_chance():
    """A million float32 numbers of one site have equal ones among them."""
    action = quartic.Action(quartic.Graph(1, []), w=0, a=0.5, b=0)
    phi = np.random.default_rng(1).normal(size=(100000, 1)).astype(np.float32)
    assert len(np.unique(phi)) < len(phi)
    assert quartic.judge(action, phi, random_state=1).ok


def test_weights():
    action, covariance = gaussian()
    wide = 1.3 * covariance
    phi = np.random.default_rng(2).multivariate_normal(np.zeros(6), wide, 8000)
    log_q = density(phi, wide)
    found = quartic.judge(action, phi, log_q, random_state=1)
    assert found.ok, found.findings
    log_z = 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1]
    weights = found.weights
    assert abs(weights["log_z"].value - log_z) < 4 * weights["log_z"].error
    kl = 0.5 * (6 * 1.3 - 6 - 6 * np.log(1.3))
    assert abs(weights["kl"].value - kl) < 4 * weights["kl"].error
    ess = (2 / 1.3 - 1 / 1.3**2) ** 3  # of N(0, C) by N(0, 1.3 C) in six dimensions
    assert weights["ess"].value == pytest.approx(ess, rel=0.05)
    assert weights["p_value_as_they_are"] < 1e-6 and weights["pareto_shape"] < 0.5
    shifted = quartic.judge(action, phi, log_q + 100, random_state=1)
    assert shifted.weights["kl"].value == pytest.approx(weights["kl"].value, abs=1e-9)
    assert quartic.judge(action, phi, 1.1 * log_q, random_state=1).verdict == "WRONG"
    narrow = np.random.default_rng(2).multivariate_normal(np.zeros(6), 0.3 * covariance, 8000)
    found = quartic.judge(action, narrow, density(narrow, 0.3 * covariance), random_state=1)
    assert not found.ok and any("Pareto" in f for f in found.findings)


def test_a_field_that_float32_does_not_resolve_is_undecided():
    action = quartic.Action(quartic.Graph(1, []), w=0, r=-8e6, a=1, b=0)  # 4e6 +- .7
    phi = 4e6 + np.random.default_rng(1).normal(0, 0.5**0.5, (4000, 1))
    found = quartic.judge(action, phi.astype(np.float32), random_state=1)
    assert not found.ok and any("float32" in f for f in found.findings)


def test_lattice_shapes_and_runs():
    action = quartic.Action(quartic.lattice("square", 3), w=0.4, a=1, b=0.2)
    run = quartic.sample(action, chains=64, draws=50, random_state=1)
    found = quartic.judge(action, run, random_state=1)
    assert found.ok, found.findings
    again = quartic.judge(run, run.phi.reshape(64, 50, 9), random_state=1, n_jobs=1)
    assert again.p_value == found.p_value


@pytest.mark.parametrize(
    ("phi", "said"),
    [
        (np.zeros((100, 5)), "shape"),
        (np.zeros((2, 2, 100, 6)), "shape"),
        (np.full((100, 6), np.nan), "row 0, site 0"),
        (np.zeros((10, 6)), "too few"),
        (np.zeros((100, 6), complex), "real numbers"),
    ],
)
def test_refusals(phi, said):
    action, _ = gaussian()
    with pytest.raises(quartic.BadInput, match=said):
        quartic.judge(action, phi)


def test_refusals_of_logq():
    action, _ = gaussian()
    with pytest.raises(quartic.BadInput, match="logq has 3 values"):
        quartic.judge(action, rows(100, 1), np.zeros(3))
    with pytest.raises(quartic.BadInput, match="logq has the shape"):
        quartic.judge(action, rows(100, 1), np.zeros((50, 2)))
    with pytest.raises(quartic.BadInput, match="independent rows"):
        quartic.judge(action, rows(100, 1).reshape(2, 50, 6), np.zeros(100))
