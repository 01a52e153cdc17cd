"""Held-out ln p of tables: quartic's default call beside the densities that one would take instead.

    python bench/compare_densities.py OUT.json [--sets iris,wine] [--models gaussian,quartic] [--splits 5]

Sets: eight of scikit-learn and two further ones, made anew; five splits, a quarter of the rows held out for the test
alone. Every model chooses whatever it chooses (components, bandwidth, epochs) on training rows. Models: the full
Gaussian, mixtures of full Gaussians (components by BIC, or components and ridge on held-out rows), factor analysis,
kernel density estimate, masked autoregressive and neural spline flows (zuko: 3 transforms of (64, 64), early stopping),
and quartic, in Python and as the program. Results are kept in OUT.json, so that a run that was cut off goes on and single models can be run anew;
at its end the table. MAF and NSF need torch and zuko, the rest scikit-learn. Times are those of one core.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

LN_2PI = np.log(2 * np.pi)
SPLITS = 5


# --- the sets ---


def noised(x: np.ndarray) -> np.ndarray:
    """Gaussian noise of .05 standard deviations on columns of few values, which have no density."""
    few = np.array([len(np.unique(column)) < len(column) / 2 for column in x.T])
    return x + np.random.default_rng(7).normal(size=x.shape) * 0.05 * x.std(0) * few


def blobs(random: np.random.Generator) -> np.ndarray:
    """Three anisotropic Gaussians in three dimensions, 400 rows."""
    shapes = np.random.default_rng(11)
    means, roots = np.array([[0, 0, 0], [3, 1, -2], [-2, 3, 2.0]]), []
    for _ in means:
        rotation, _ = np.linalg.qr(shapes.normal(size=(3, 3)))
        roots.append(rotation * [1.5, 0.5, 0.15])
    chosen = random.choice(3, 400, p=[0.5, 0.3, 0.2])
    return np.array([means[i] + roots[i] @ random.normal(size=3) for i in chosen])


def ring(random: np.random.Generator) -> np.ndarray:
    """A ring and a banana in the plane, 1000 rows."""
    angle, radius = random.uniform(0, 2 * np.pi, 500), random.normal(2, 0.15, 500)
    u = random.normal(size=500)
    banana = np.c_[u + 4, 0.5 * u**2 - 1 + 0.2 * random.normal(size=500)]
    return np.r_[np.c_[radius * np.cos(angle), radius * np.sin(angle)], banana]


def patches() -> np.ndarray:
    """8 x 8 grey patches of scikit-learn's two photographs and noise of one grey level, 8000 rows."""
    from sklearn.datasets import load_sample_images

    random, found = np.random.default_rng(7), []
    for image in load_sample_images().images:
        grey = image.mean(-1)
        rows, columns = (random.integers(0, extent - 7, 4000) for extent in grey.shape)
        found += [grey[i : i + 8, j : j + 8].ravel() for i, j in zip(rows, columns, strict=True)]
    return np.array(found) + random.normal(0, 1, (8000, 64))


def swiss_roll() -> np.ndarray:
    """A rolled sheet in three dimensions and noise, 2000 rows."""
    from sklearn.datasets import make_swiss_roll

    return make_swiss_roll(2000, noise=0.5, random_state=7)[0]


def markets() -> np.ndarray:
    """Stand-in for daily returns: 20 columns of common and own volatility (heavy tails, correlated), 2000 rows."""
    random = np.random.default_rng(13)
    loadings = random.normal(0.6, 0.3, (20, 3))
    common = random.normal(size=(2000, 3)) * np.exp(0.5 * random.normal(size=(2000, 1)))
    return common @ loadings.T + random.standard_t(4, (2000, 20)) * np.exp(0.3 * random.normal(size=20))


def data_sets() -> dict[str, np.ndarray]:
    from sklearn import datasets

    toys = np.random.default_rng(12)
    made = {name: noised(getattr(datasets, f"load_{name}")().data.astype(float)) for name in ("iris", "wine")}
    made["blobs"], made["ring"] = blobs(toys), ring(toys)
    for name in ("diabetes", "breast_cancer"):
        made[name] = noised(getattr(datasets, f"load_{name}")().data.astype(float))
    digits = datasets.load_digits().data
    made["digits"] = digits + np.random.default_rng(7).uniform(size=digits.shape)
    made["patches"] = patches()
    made["swiss roll"], made["volatility"] = swiss_roll(), markets()
    return made


def split(x: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training rows and a quarter for the test, seeds from 1 on."""
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order[len(x) // 4 :]], x[order[: len(x) // 4]]


# --- the rivals: rows to learn from and rows to score, ln p of each ---


def held_out(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """85 % of the training rows and the others, to choose by."""
    order = np.random.default_rng(0).permutation(len(x))
    cut = max(len(x) * 15 // 100, 1)
    return x[order[cut:]], x[order[:cut]]


def standardised(score):
    """A model on columns of mean 0 and variance 1, its ln p in the units of the data."""

    def wrapped(train, test):
        mean, deviation = train.mean(0), train.std(0)
        return score((train - mean) / deviation, (test - mean) / deviation) - np.log(deviation).sum()

    return wrapped


@standardised
def gaussian(train, test):
    from scipy.stats import multivariate_normal

    return multivariate_normal(train.mean(0), np.cov(train.T, bias=True) + 1e-6 * np.eye(train.shape[1])).logpdf(test)


def mixture_components(rows: int) -> list[int]:
    return [k for k in (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40) if k <= rows // 10]


@standardised
def gmm_bic(train, test):
    from sklearn.mixture import GaussianMixture

    fits = [GaussianMixture(k, random_state=0, reg_covar=1e-4).fit(train) for k in mixture_components(len(train))]
    return min(fits, key=lambda fit: fit.bic(train)).score_samples(test)


@standardised
def gmm_held_out(train, test):
    from sklearn.mixture import GaussianMixture

    fit_rows, chosen_by = held_out(train)
    tried = [(k, ridge) for k in mixture_components(len(fit_rows)) for ridge in (1e-4, 1e-3, 1e-2, 1e-1)]
    judged = [GaussianMixture(k, random_state=0, reg_covar=ridge).fit(fit_rows).score(chosen_by) for k, ridge in tried]
    k, ridge = tried[int(np.argmax(judged))]
    return GaussianMixture(k, random_state=0, reg_covar=ridge).fit(train).score_samples(test)


@standardised
def factor_analysis(train, test):
    from sklearn.decomposition import FactorAnalysis

    fit_rows, chosen_by = held_out(train)
    tried = [k for k in (1, 2, 3, 5, 8, 12, 20, 30, 50) if k <= train.shape[1]]
    judged = [FactorAnalysis(k, random_state=0).fit(fit_rows).score(chosen_by) for k in tried]
    return FactorAnalysis(tried[int(np.argmax(judged))], random_state=0).fit(train).score_samples(test)


@standardised
def kernel_density(train, test):
    from sklearn.neighbors import KernelDensity

    fit_rows, chosen_by = held_out(train)
    tried = np.geomspace(0.03, 1.5, 15)
    judged = [KernelDensity(bandwidth=h).fit(fit_rows).score(chosen_by) for h in tried]
    return KernelDensity(bandwidth=tried[int(np.argmax(judged))]).fit(train).score_samples(test)


def flow(kind: str):
    @standardised
    def score(train, test):
        import torch
        import zuko

        torch.set_num_threads(1)
        torch.manual_seed(0)
        model = getattr(zuko.flows, kind)(train.shape[1], transforms=3, hidden_features=(64, 64))
        fit_rows, chosen_by = (torch.as_tensor(x, dtype=torch.float32) for x in held_out(train))
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-5)
        best, best_state, since = -np.inf, None, 0
        for _ in range(1000):
            for batch in torch.randperm(len(fit_rows)).split(128):
                loss = -model().log_prob(fit_rows[batch]).mean()
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
                optimiser.step()
            with torch.no_grad():
                now = model().log_prob(chosen_by).mean().item()
            since += 1
            if now > best:
                best, since = now, 0
                best_state = {name: value.clone() for name, value in model.state_dict().items()}
            if since >= 30:
                break
        model.load_state_dict(best_state)
        with torch.no_grad():
            return model().log_prob(torch.as_tensor(test, dtype=torch.float32)).numpy().astype(float)

    return score


def quartic_machine(train, test):
    import quartic

    return quartic.RestrictedBoltzmannMachine(random_state=0, n_jobs=1).fit(train).score_samples(test)


def quartic_program(train, test):
    """`quartic fit` of a network and `quartic score`, all by default."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name, rows in (("train", train), ("test", test)):
            np.save(f"{folder}/{name}.npy", rows)
        Path(f"{folder}/run.toml").write_text('[model]\nkind = "network"\n[data]\npath = "train.npy"\n')
        for words in ("fit run.toml -o run.h5", "score run.h5 test.npy -o scores.csv"):
            command = ["quartic", *words.split(), "--threads", "1", "--quiet"]
            subprocess.run(command, cwd=folder, check=True)
        return np.loadtxt(f"{folder}/scores.csv", delimiter=",", skiprows=1)[:, 1]


MODELS = {
    "gaussian": gaussian,
    "GMM, BIC": gmm_bic,
    "GMM, held out": gmm_held_out,
    "factor analysis": factor_analysis,
    "KDE": kernel_density,
    "MAF": flow("MAF"),
    "NSF": flow("NSF"),
    "quartic": quartic_machine,
    "quartic fit": quartic_program,
}


# --- the table ---


def difference(results: dict, name: str, model: str, other: str) -> tuple[float, float] | None:
    """Mean paired difference of ln p over the splits and its standard error."""
    ours, theirs = results[name].get(model, {}), results[name].get(other, {})
    both = sorted(ours.keys() & theirs.keys())
    if not both:
        return None
    gains = np.array([ours[seed]["score"] - theirs[seed]["score"] for seed in both])
    return gains.mean(), gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan


def table(results: dict) -> str:
    lines = ["| | " + " | ".join(MODELS) + " | seconds |", "|---" * (len(MODELS) + 2) + "|"]
    for name, of_set in results.items():
        means = {m: np.mean([r["score"] for r in of_set[m].values()]) for m in MODELS if of_set.get(m)}
        best = max(means.values(), default=0)
        cells = [
            (f"**{means[m]:.2f}**" if means[m] == best else f"{means[m]:.2f}") if m in means else "" for m in MODELS
        ]
        seconds = [r["seconds"] for r in of_set.get("quartic", {}).values()]
        lines.append(
            f"| {name} | " + " | ".join(cells) + f" | {np.mean(seconds):.0f} |"
            if seconds
            else f"| {name} | " + " | ".join(cells) + " | |"
        )
    lines += ["", "quartic less the others, mean over the splits and its error:", ""]
    others = [m for m in MODELS if m != "quartic"]
    lines += ["| | " + " | ".join(others) + " |", "|---" * (len(others) + 1) + "|"]
    for name in results:
        gains = [difference(results, name, "quartic", other) for other in others]
        lines.append(f"| {name} | " + " | ".join(f"{g[0]:+.2f} ± {g[1]:.2f}" if g else "" for g in gains) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--sets", default="")
    parser.add_argument("--models", default=",".join(m for m in MODELS if "," not in m))
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--again", action="store_true", help="run what OUT.json has already")
    options = parser.parse_args()
    results = json.loads(options.out.read_text()) if options.out.exists() else {}
    sets = data_sets()
    models = list(MODELS) if options.models == "all" else [m for m in MODELS if m.replace(", ", "-") in options.models]
    names = options.sets.split(",") if options.sets else list(sets)
    if unknown := set(names) - set(sets):
        parser.error(f"no set {', '.join(sorted(unknown))} among {', '.join(sets)}")
    for name in names:
        for model in models:
            done = results.setdefault(name, {}).setdefault(model, {})
            for seed in range(1, options.splits + 1):
                if str(seed) in done and not options.again:
                    continue
                train, test = split(sets[name], seed)
                began = time.process_time()
                score = MODELS[model](train, test)
                done[str(seed)] = {"score": float(np.mean(score)), "seconds": time.process_time() - began}
                options.out.write_text(json.dumps(results, indent=1))
            print(f"{name:14} {model:16} " + " ".join(f"{r['score']:9.3f}" for r in done.values()), flush=True)
    print(table(results))


if __name__ == "__main__":
    main()
