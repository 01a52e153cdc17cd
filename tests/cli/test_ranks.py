"""One run on several ranks of MPI: the same bits for any ranks and threads, one end for all of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from children import default_signals
from program import A3, NETWORK_CONFIG, QUARTIC, quartic, same_bits

PLUGIN = os.environ.get("QUARTIC_MPI_LIBRARY") or next(
    (
        str(found)
        for folder in ([Path(QUARTIC).parent.parent / "lib", Path(QUARTIC).parent] if QUARTIC else [])
        for found in folder.rglob("libquartic_mpi.so")
    ),
    None,
)
MPIRUN = shutil.which("mpirun")
pytestmark = pytest.mark.mpi
needs_mpi = pytest.mark.skipif(
    not (QUARTIC and MPIRUN and PLUGIN), reason="there is no MPI, or quartic is built without"
)
# Where mpirun keeps its sessions: one removes the folder of all as another is about to make its own in it.
SESSIONS = tempfile.TemporaryDirectory(prefix="mpi")
# As root, more ranks than cores, on one machine, beside other tests.
MPI_ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_plm": "isolated",
    "OMPI_MCA_btl": "self,vader",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OMPI_MCA_orte_tmpdir_base": SESSIONS.name,
}
LAYOUTS = [(1, 2), (2, 1), (4, 1), (3, 1)]  # the quick tests take the last

SAMPLE = """[run]
seed = 3
[graph]
lattice = "square"
extent = [4, 4]
[action.w]
start = 0.3
[action.a]
start = -0.4
[action.b]
start = 0.3
[sampler]
chains = 256
[sample]
draws = 40
[output]
draws = 6
"""
LEARN = (
    "[run]\nseed = 5\n[graph]\nextent = [4, 4]\n[action]\na.start = 1.5\nb.start = 0.2\n[sampler]\nchains = 256\n"
    "[learn]\nepochs = 12\ndraws = 4\n[certificate]\ndraws = 4\nchains = 256\n" + A3
)


def mpirun(ranks, *arguments, launcher=(), **environment):
    return (
        [MPIRUN, "-n", str(ranks), *launcher, QUARTIC, *map(str, arguments)],
        {**os.environ, **MPI_ENVIRONMENT, **environment},
    )


def on_ranks(ranks, *arguments, cwd, **environment):
    command, env = mpirun(ranks, *arguments, **environment)
    return subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, timeout=300, check=False)


def said(done):
    """The lines that quartic wrote to standard error, without those of mpirun."""
    lines = done.stderr.splitlines()
    return [line for line in lines if line.startswith(("quartic: ", "  hint: "))]


def refused_once(done, code, fragment):
    assert done.returncode == code, done.stderr
    sentences = [line for line in said(done) if line.startswith("quartic: ")]
    assert len(sentences) == 1 and fragment in sentences[0], done.stderr


def written(folder, text, **files):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.toml").write_text(text)
    for name, values in files.items():
        np.save(folder / f"{name}.npy", values)
    return folder


def rows(count, columns):
    random = np.random.default_rng(4)
    return np.tanh(random.normal(size=(count, 3)) @ random.normal(size=(3, columns))) + 0.1 * random.normal(
        size=(count, columns)
    )


def data_of(verb, config):
    return {"x": rows(1300, 16 if config.startswith(FIT[:40]) else 300)} if verb == "fit" else {}


def settings(*assignments):
    return tuple(word for assignment in assignments for word in ("--set", assignment))


FIT = """[run]
seed = 5
[graph]
extent = [4, 4]
[data]
path = "x.npy"
held_out = 0.2
[sampler]
chains = 256
[fit]
epochs = 5
[evaluation]
draws = 4
chains = 256
"""


FREE = ("action.a.freedom=free", "action.w.freedom=free", "learn.epochs=4")
SHORT = NETWORK_CONFIG.replace("epochs = 20\nbatch = 100", "epochs = 2\nbatch = 500")
STACK = SHORT.replace('kind = "network"', 'kind = "stack"').replace("units = 4", "units = [4, 2]")
CASES = {
    "sample": ("sample", SAMPLE, ()),
    "sample with rungs": ("sample", SAMPLE, settings("sampler.rungs=3", "sampler.precision=float64")),
    "sample by trajectories": ("sample", SAMPLE, settings("sampler.hmc_steps=4")),
    "sample until": ("sample", SAMPLE.replace("draws = 40", 'until = "m2"\nrelative_error = 0.02'), ()),
    "sample of 16 chains a block": ("sample", SAMPLE, settings("sampler.chains=80")),
    "sample of sites that no group of chains divides": (
        "sample",
        SAMPLE,
        settings("graph.extent=[5, 4]", "sampler.chains=320"),
    ),
    "sample in wells": ("sample", SAMPLE, settings("action.r.start=0.02", "action.a.start=-2.0")),
    "learn": ("learn", LEARN, ()),
    "learn free couplings": ("learn", LEARN, settings(*FREE, "learn.solver=matrix_free")),
    "learn densely": ("learn", LEARN, settings(*FREE, "learn.solver=dense", "certificate.enabled=false")),
    "learn locally": ("learn", LEARN, settings("learn.solver=local", "learn.epochs=3", "learn.draws=8")),
    "learn by Adam": ("learn", LEARN, settings("learn.optimiser=adam", "learn.epochs=3")),
    "fit": ("fit", FIT, ()),
    "fit with hidden units": ("fit", FIT, settings("model.hidden_units=2", "fit.epochs=2", "evaluation.enabled=false")),
    "fit by Adam from pseudo-likelihood": (
        "fit",
        FIT,
        settings("fit.optimiser=adam", "fit.start=pseudo_likelihood", "fit.batch=300", "fit.epochs=3"),
    ),
    "stack": ("fit", STACK, ()),
    "train": ("fit", SHORT, ()),
    "train by CD and Adam": ("fit", SHORT, settings("training.start=data", "training.optimiser=adam")),
}
QUICK = (
    "sample",
    "sample of sites that no group of chains divides",
    "sample with rungs",
    "learn",
    "learn locally",
    "fit",
    "fit with hidden units",
    "train",
    "stack",
)


@needs_mpi
@pytest.mark.parametrize("layouts", [LAYOUTS[-1:], pytest.param(LAYOUTS[:-1], marks=pytest.mark.slow)], ids=["", "all"])
@pytest.mark.parametrize("case", [pytest.param(c, marks=() if c in QUICK else pytest.mark.slow) for c in CASES])
def test_same_bits_for_any_ranks_and_threads(tmp_path, case, layouts):
    verb, config, options = CASES[case]
    here = written(tmp_path, config, **data_of(verb, config))
    alone = quartic(verb, "run.toml", "-o", "alone.h5", "--threads", 1, *options, cwd=here)
    assert alone.returncode == 0, alone.stderr
    for ranks, threads in layouts:
        done = on_ranks(ranks, verb, "run.toml", "-o", "shared.h5", "--force", "--threads", threads, *options, cwd=here)
        assert done.returncode == 0, done.stderr
        same_bits(here / "alone.h5", here / "shared.h5")


@needs_mpi
def test_free_energies_have_the_same_bits(tmp_path):
    here = written(tmp_path, SAMPLE)
    arguments = ("free-energy", "run.toml", "--error", 0.05, "--json", "--set", "sampler.chains=256")

    def found(done):
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if '"free_energy"' in line]

    alone = found(quartic(*arguments, "--threads", 1, cwd=here))
    assert len(alone) == 1
    for ranks, threads in LAYOUTS[-1:]:
        assert found(on_ranks(ranks, *arguments, "--threads", threads, cwd=here)) == alone


@needs_mpi
def test_reweighting_has_the_same_bits(tmp_path):
    here = written(tmp_path, SAMPLE.replace("draws = 6", "draws = 4"))
    assert quartic("sample", "run.toml", "-o", "run.h5", cwd=here).returncode == 0
    for anneal in ([], ["--anneal"]):
        arguments = ("reweight", "run.h5", "--to", "nn=-0.32,phi2=-0.4,phi4=0.3", "--force", *anneal)
        assert quartic(*arguments, "-o", "alone.h5", "--threads", 1, cwd=here).returncode == 0
        for ranks, threads in LAYOUTS[-1:]:
            done = on_ranks(ranks, *arguments, "-o", "shared.h5", "--threads", threads, cwd=here)
            assert done.returncode == 0, done.stderr
            same_bits(here / "alone.h5", here / "shared.h5")


@pytest.mark.slow
@needs_mpi
def test_judgements_have_the_same_bits(tmp_path):
    here = written(tmp_path, SAMPLE)
    assert quartic("sample", "run.toml", "-o", "run.h5", cwd=here).returncode == 0
    arguments = ("judge", "run.h5", "--action", "run.toml", "--json")

    def found(done, code):
        assert done.returncode == code, done.stderr
        return [line for line in done.stdout.splitlines() if '"judgement"' in line]

    for code, wrong in ((0, ()), (5, settings("action.a.start=-0.5"))):
        alone = found(quartic(*arguments, "--threads", 1, *wrong, cwd=here), code)
        assert len(alone) == 1
        for ranks, threads in LAYOUTS[-1:]:
            assert found(on_ranks(ranks, *arguments, "--threads", threads, *wrong, cwd=here), code) == alone


@needs_mpi
def test_what_learning_tells_does_not_grow_with_the_chains(tmp_path):
    """Bytes of a rank, an epoch: of two runs of different lengths, so that warm-up and saving fall out."""
    here = written(tmp_path, LEARN)

    def told(chains, epochs):
        done = on_ranks(
            2, "learn", "run.toml", "-o", f"{chains}-{epochs}.h5", "--json", "--set", f"sampler.chains={chains}",
            "--set", f"learn.epochs={epochs}", "--set", "learn.stop_early=false", "--set", "certificate.enabled=false",
            cwd=here,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        summary = next(json.loads(line) for line in done.stdout.splitlines() if '"summary"' in line)
        states = 2 * chains * 16 * 8 + 2 * chains * 16  # fields and streams, at the beginning and the end
        return np.array([summary["messages"], summary["message_bytes"] - states])

    few, many = ((told(chains, 12) - told(chains, 6)) / 6 for chains in (256, 2048))
    assert few[0] > 0 and (many == few).all(), (few, many)


PYTHON = """
import sys
import numpy as np
import quartic
assert "mpi4py" not in sys.modules
from mpi4py import MPI
comm = MPI.COMM_WORLD
S = quartic.Action(quartic.lattice("square", 4), w=0.3, a=-0.4, b=0.3)
own = {"cube": lambda phi: (phi**3).mean(axis=(1, 2))}
threads = 1
again = dict(n_jobs=1, force=True, comm=comm)
result = quartic.sample(S, chains=256, draws=30, random_state=3, path="run.h5", observables=own, **again)
assert (result is None) == (comm.rank > 0)
A = {"nn": -1, "phi2": 1.52425, "phi4": 0.175}
learned = quartic.learn(A, S.graph, chains=256, epochs=4, random_state=2, path="learn.h5", **again)
assert (learned is None) == (comm.rank > 0)
first = result if comm.rank == 0 else None
longer = quartic.resume(first, draws=40, path="longer.h5", comm=comm, n_jobs=1, force=True, observables=own)
assert (longer is None) == (comm.rank > 0)
fields = comm.bcast(result.phi if comm.rank == 0 else None)
judged = quartic.judge(S, fields, random_state=4, comm=comm)
assert (judged is None) == (comm.rank > 0)
if comm.rank == 0:
    with open("judged", "w") as file:
        file.write(str(judged))
try:
    quartic.sample(S, chains=128, comm=comm, path="no.h5", draws=2)
except quartic.BadInput as error:
    assert comm.size > 2 and "ranks for 128 chains" in str(error)
else:
    assert comm.size <= 2
"""


@pytest.mark.slow
@needs_mpi
def test_python_shares_by_mpi4py(tmp_path):
    pytest.importorskip("mpi4py")
    made = []
    for ranks in (1, 3):
        here = tmp_path / str(ranks)
        here.mkdir()
        command, env = mpirun(ranks)
        command[-1:] = [sys.executable, "-c", PYTHON]
        done = subprocess.run(command, cwd=here, env=env, text=True, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        made.append(here)
    for here in made[1:]:
        same_bits(made[0] / "run.h5", here / "run.h5")
        same_bits(made[0] / "learn.h5", here / "learn.h5")
        same_bits(made[0] / "longer.h5", here / "longer.h5")
        assert (here / "judged").read_text() == (made[0] / "judged").read_text()


TWO_TEAMS = """
import ctypes, sys, time
from mpi4py import MPI
P, I = ctypes.c_void_p, ctypes.c_int
READ, WRITE = ctypes.CFUNCTYPE(None, P, I, P), ctypes.CFUNCTYPE(None, P, P)
class Table(ctypes.Structure):
    _fields_ = [("version", I), *((name, P) for name in ("open", "rank", "size", "gather", "exchange"))]
library = ctypes.CDLL(sys.argv[1])
library.quartic_mpi.restype = ctypes.POINTER(Table)
table = library.quartic_mpi().contents
opened = ctypes.CFUNCTYPE(P, P)(table.open)
exchange = ctypes.CFUNCTYPE(I, P, ctypes.POINTER(ctypes.c_size_t), P, WRITE, READ)(table.exchange)
comm = MPI.COMM_WORLD
teams = [opened(MPI._addressof(comm)) for _ in range(2)]
heard = []
def read(context, rank, place):
    time.sleep(0.3 * comm.rank)
    heard.append(ctypes.string_at(place, 1)[0])
for number, team in enumerate([*teams, *teams, teams[1]]):
    write = WRITE(lambda context, place: ctypes.memset(place, number + 1, 8) and None)
    assert exchange(team, (ctypes.c_size_t * 2)(8, 8), None, write, READ(read)) == 1
assert heard == [1, 2, 3, 4, 5], heard
"""


@needs_mpi
def test_teams_of_one_communicator_do_not_write_over_each_other(tmp_path):
    """One that reads late, while the other ranks are at what the next team exchanges."""
    pytest.importorskip("mpi4py")
    command, env = mpirun(2)
    command[-1:] = [sys.executable, "-c", TWO_TEAMS, PLUGIN]
    done = subprocess.run(command, cwd=tmp_path, env=env, text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# --- the end of one is the end of all ---

LONG = {
    "sample": ("sample", SAMPLE.replace("draws = 40", "draws = 4000"), "draw", ()),
    "learn": ("learn", LEARN.replace("epochs = 12", "epochs = 60\nstop_early = false"), "epoch", ()),
    "fit": ("fit", FIT.replace("epochs = 5", "epochs = 60\nstop_early = false"), "epoch", ()),
    "train": ("fit", NETWORK_CONFIG.replace("epochs = 20\nbatch = 100", "epochs = 8\nbatch = 500"), "epoch", ()),
}  # fmt: skip


def begun(here, kind, ranks, *options):
    """A long run on several ranks that has begun its draws or epochs: its mpirun, and the ids of its ranks."""
    verb, config, unit, own = LONG[kind]
    written(here, config, **data_of(verb, config))
    command, env = mpirun(ranks, verb, "run.toml", "-o", "run.h5", "--json", "--threads", 1, *own, *options)
    process = subprocess.Popen(
        command,
        cwd=here,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=default_signals,
    )
    for line in process.stdout:
        if line.startswith("{") and json.loads(line)["event"] == unit:
            return process, ranks_of(process.pid)
    pytest.fail(process.stderr.read())


def ranks_of(parent):
    """Of an mpirun, by rank."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status, variables = (folder / "status").read_text(), (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        own = dict(v.split(b"=", 1) for v in variables if b"=" in v)
        if f"PPid:\t{parent}\n" in status and b"OMPI_COMM_WORLD_RANK" in own:
            found[int(own[b"OMPI_COMM_WORLD_RANK"])] = int(folder.name)
    return [found[rank] for rank in sorted(found)]


def ended(process):
    output, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def whole(here, kind):
    verb, config, _, own = LONG[kind]
    folder = written(here / "whole", config, **data_of(verb, config))
    done = quartic(verb, "run.toml", "-o", "run.h5", *own, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run.h5"


@needs_mpi
@pytest.mark.parametrize("kind", [pytest.param(k, marks=pytest.mark.slow if k != "train" else ()) for k in LONG])
def test_a_signal_to_one_rank_stops_all_and_any_number_goes_on(tmp_path, kind):
    process, ranks = begun(tmp_path, kind, 2)
    os.kill(ranks[1], signal.SIGTERM)
    done = ended(process)
    refused_once(done, 6, "stopped by a signal")
    resumed = on_ranks(3, "resume", "run.h5", "--threads", 1, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    same_bits(whole(tmp_path, kind), tmp_path / "run.h5")


@needs_mpi
def test_slurm_s_signal_to_mpirun_saves(tmp_path):
    process, _ = begun(tmp_path, "sample", 2)
    process.send_signal(signal.SIGUSR1)  # which passes it on
    refused_once(ended(process), 6, "stopped by a signal")
    assert quartic("resume", "run.h5", cwd=tmp_path).returncode == 0
    same_bits(whole(tmp_path, "sample"), tmp_path / "run.h5")


@needs_mpi
def test_time_ends_for_all(tmp_path):
    here = written(tmp_path, LONG["sample"][1].replace("draws = 4000", "draws = 10000000"))
    stop = ("--threads", 1, "--max-hours", 0.0003)
    refused_once(on_ranks(2, "sample", "run.toml", "-o", "run.h5", *stop, cwd=here), 6, "stopped by --max-hours")


@needs_mpi
def test_the_time_of_ranks_is_the_root_s(tmp_path):
    """One whose clock began earlier does not end it as if by a signal."""
    here = written(tmp_path, LONG["sample"][1].replace("draws = 4000", "draws = 10000000"))
    hours = "$((3 - 2 * OMPI_COMM_WORLD_RANK))e-4"
    command, env = mpirun(2)
    command[-1:] = ["sh", "-c", f"exec {QUARTIC} sample run.toml -o run.h5 --threads 1 --max-hours {hours}"]
    done = subprocess.run(command, cwd=here, env=env, text=True, capture_output=True, timeout=60, check=False)
    refused_once(done, 6, "stopped by --max-hours")


@needs_mpi
@pytest.mark.parametrize("rank", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_killed_rank_ends_the_job_and_nothing_is_lost(tmp_path, rank):
    process, ranks = begun(tmp_path, "sample", 2)
    os.kill(ranks[rank], signal.SIGKILL)
    done = ended(process)
    assert done.returncode != 0 and "signal 9" in done.stderr, done.stderr  # by mpirun
    assert quartic("resume", "run.h5", cwd=tmp_path).returncode == 0
    same_bits(whole(tmp_path, "sample"), tmp_path / "run.h5")


# --- what cannot be ---


@needs_mpi
def test_more_ranks_than_blocks_of_chains(tmp_path):
    here = written(tmp_path, SAMPLE)
    done = on_ranks(3, "sample", "run.toml", "--set", "sampler.chains=128", cwd=here)
    refused_once(done, 3, "3 ranks for 128 chains, which ranks share by blocks of 64")
    written(here, LEARN)
    refused_once(on_ranks(5, "learn", "run.toml", cwd=here), 3, "5 ranks for 256 chains")
    written(here, FIT, x=rows(400, 16))
    refused_once(on_ranks(5, "fit", "run.toml", cwd=here), 3, "5 ranks for 256 chains")
    few = on_ranks(2, "fit", "run.toml", *settings("evaluation.chains=64"), cwd=here)
    refused_once(few, 3, "2 ranks for 64 chains of evaluation.chains")
    written(here, NETWORK_CONFIG, x=rows(400, 10))
    refused_once(on_ranks(2, "fit", "run.toml", cwd=here), 3, "2 ranks for 100 chains of the network")
    assert not list(here.glob("*.h5"))


@needs_mpi
def test_other_configs_on_other_ranks(tmp_path):
    here = written(tmp_path, SAMPLE)
    script = f"exec {QUARTIC} sample run.toml -o run.h5 --seed $((5 + OMPI_COMM_WORLD_RANK))"
    command, env = mpirun(2)
    command[-1:] = ["sh", "-c", script]
    done = subprocess.run(command, cwd=here, env=env, text=True, capture_output=True, timeout=60, check=False)
    refused_once(done, 3, "the ranks differ in the config")
    assert not (here / "run.h5").exists()


@needs_mpi
def test_output_that_cannot_be_written(tmp_path):
    here = written(tmp_path, SAMPLE)
    done = on_ranks(2, "sample", "run.toml", "-o", "nowhere/run.h5", cwd=here)
    refused_once(done, 3, "there is no directory 'nowhere'")
    (here / "run.h5").touch()
    refused_once(on_ranks(2, "sample", "run.toml", "-o", "run.h5", cwd=here), 3, "exists already")


@needs_mpi
def test_an_error_of_one_rank_is_told_with_its_number(tmp_path):
    here = written(tmp_path, SAMPLE)
    script = f"[ $OMPI_COMM_WORLD_RANK = 1 ] && cd / ; exec {QUARTIC} sample run.toml -o run.h5"
    command, env = mpirun(2)
    command[-1:] = ["sh", "-c", script]
    done = subprocess.run(command, cwd=here, env=env, text=True, capture_output=True, timeout=60, check=False)
    refused_once(done, 3, "rank 1: ")
    command[-1] = f"[ $OMPI_COMM_WORLD_RANK = 1 ] && more=--bogus; exec {QUARTIC} sample run.toml -o run.h5 $more"
    done = subprocess.run(command, cwd=here, env=env, text=True, capture_output=True, timeout=60, check=False)
    refused_once(done, 2, "rank 1: there is no option --bogus")


@needs_mpi
def test_what_ranks_cannot_share(tmp_path):
    here = written(tmp_path, SAMPLE)
    refused_once(on_ranks(2, "validate", "run.toml", cwd=here), 2, "2 copies of `quartic validate`, which is for one")
    alone = on_ranks(2, "validate", "run.toml", cwd=here, QUARTIC_MPI="off")
    assert alone.returncode == 0, alone.stderr
    written(here, SHORT, x=rows(1300, 10))
    ladder = on_ranks(2, "fit", "run.toml", *settings("training.rungs=4", "training.chains=512"), cwd=here)
    refused_once(ladder, 3, "2 ranks cannot share a ladder of 4 rungs")
    exact = on_ranks(2, "fit", "run.toml", *settings('training.epochs="auto"'), cwd=here)
    refused_once(exact, 3, "a network that is learned exactly is for one rank")


@needs_mpi
def test_a_row_that_is_no_number_ends_all(tmp_path):
    values = rows(1300, 16)
    values[1290, 3] = np.nan  # of a slot of the last rank
    here = written(tmp_path, FIT, x=values)
    done = on_ranks(2, "fit", "run.toml", "--set", "data.held_out=0", cwd=here)
    refused_once(done, 3, "nan in row 1290, column 3")
    assert not list(here.glob("*.h5"))


@pytest.mark.parametrize("code", [0, 3, 6])
def test_the_batch_script_ends_as_its_run_does(tmp_path, code):
    page = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text()
    script = next(part.split("```")[0] for part in page.split("```sh\n") if "scontrol requeue" in part)
    for name, does in {"srun": f"exit {code}", "scontrol": 'echo "$*"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "1"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=env, text=True, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (code, "requeue 7\n" if code == 6 else ""), done.stderr


LAUNCHERS = {
    "Open MPI": {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "{}"},
    "MPICH": {"PMI_SIZE": "2", "PMI_RANK": "{}"},
    "srun": {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "{}"},
}


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_copies_without_mpi_refuse_once(tmp_path, launcher):
    here = written(tmp_path, SAMPLE)
    for rank, sentences in enumerate([1, 0]):
        variables = {name: value.format(rank) for name, value in LAUNCHERS[launcher].items()}
        env = {**os.environ, "QUARTIC_MPI_LIBRARY": "/nowhere.so", **variables}
        done = quartic("sample", "run.toml", cwd=here, env=env)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("this quartic runs on one rank") == sentences
    assert not list(here.glob("*.h5"))


@pytest.mark.parametrize(
    "variables",
    [
        {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"},
        {"SLURM_NTASKS": "64", "SLURM_PROCID": "0"},  # a batch script, not one of srun's tasks
        {"SLURM_ARRAY_TASK_ID": "3", "SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"},
        {"SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "5", "QUARTIC_MPI": "off"},
    ],
)
def test_one_task_of_slurm_is_a_run_as_always(tmp_path, variables):
    here = written(tmp_path, SAMPLE)
    env = {**os.environ, "QUARTIC_MPI_LIBRARY": "/nowhere.so", **variables}
    done = quartic("sample", "run.toml", "-o", "run.h5", "--set", "sample.draws=2", cwd=here, env=env)
    assert done.returncode == 0, done.stderr
    assert (here / "run.h5").exists()
