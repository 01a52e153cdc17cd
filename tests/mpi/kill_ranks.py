#!/usr/bin/env python3
"""kill -9 of one rank at random instants, also while a state is written: is anything lost, are the bits the same?

Usage: tests/mpi/kill_ranks.py [COUNT] [SEED]     20 kills by default; exit 1 where a run was lost or has other bits
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("cli", "python")]
from program import QUARTIC, same_bits  # noqa: E402
from test_ranks import FIT, LEARN, SAMPLE, data_of, mpirun, ranks_of, written  # noqa: E402

CASES = {
    "sample": SAMPLE.replace("draws = 40", "draws = 3000"),
    "learn": LEARN.replace("epochs = 12", "epochs = 25\nstop_early = false"),
    "fit": FIT.replace("epochs = 5", "epochs = 25\nstop_early = false\nmax_draws = 64"),
}  # fmt: skip


def start(here: Path, ranks: int, *arguments: str) -> subprocess.Popen:
    command, env = mpirun(ranks, *arguments, "--threads", 1, "--quiet", "--save-minutes", 0.02)
    return subprocess.Popen(command, cwd=here, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def ids(process: subprocess.Popen, ranks: int) -> list[int]:
    """Of all ranks, once they are there; fewer where the run has ended before."""
    while process.poll() is None:
        found = ranks_of(process.pid)
        if len(found) == ranks:
            return found
        time.sleep(0.01)
    return []


def killed(here: Path, verb: str, chance: random.Random, length: float) -> str:
    """One rank of a run, from its beginning or from a state that a signal saved, at a random instant."""
    ranks = chance.choice([2, 3, 4])
    arguments = (verb, "run.toml", "-o", "run.h5")
    if chance.random() < 0.5:
        process = start(here, ranks, *arguments)
        found = ids(process, ranks)
        time.sleep(chance.uniform(0.3, 0.6) * length)
        if found and process.poll() is None:
            os.kill(chance.choice(found), signal.SIGUSR1)
        process.communicate(timeout=300)
        arguments = ("resume", "run.h5")
        ranks = chance.choice([2, 3, 4])
    process = start(here, ranks, *arguments)
    found = ids(process, ranks)
    time.sleep(chance.uniform(0, 0.7) * length)
    while_saving = bool(found) and chance.random() < 0.3
    try:
        if while_saving:
            os.kill(found[0], signal.SIGUSR1)
            time.sleep(chance.uniform(0, 0.05))
        os.kill(chance.choice(found), signal.SIGKILL)
    except (ProcessLookupError, IndexError):
        process.communicate(timeout=300)
        return "after its end"
    process.communicate(timeout=300)
    return "while saving" if while_saving else "under way"


def main(count: int, seed: int) -> int:
    chance = random.Random(seed)
    lost, when = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        whole, seconds = {}, {}
        for verb, config in CASES.items():
            here = written(Path(folder) / verb, config, **data_of(verb, config))
            begun = time.monotonic()
            process = start(here, 2, verb, "run.toml", "-o", "run.h5")
            assert process.wait() == 0, process.stderr.read()
            seconds[verb], whole[verb] = time.monotonic() - begun, here / "run.h5"
        for n in range(count):
            verb = chance.choice(list(CASES))
            here = written(Path(folder) / f"{n}", CASES[verb], **data_of(verb, CASES[verb]))
            instant = killed(here, verb, chance, seconds[verb])
            if not (here / "run.h5").exists():
                instant = "before its first state"
            else:
                done = start(here, chance.choice([1, 2, 3, 4]), "resume", "run.h5")
                _, errors = done.communicate(timeout=600)
                try:
                    assert done.returncode == 0, errors
                    same_bits(whole[verb], here / "run.h5")
                except AssertionError as error:
                    lost += 1
                    print(f"kill {n}, {verb}, {instant}: LOST: {error}")
            when[instant] = when.get(instant, 0) + 1
            print(f"kill {n + 1} of {count}: {verb}, {instant}", flush=True)
    print(f"{count} kills ({', '.join(f'{k} {v}' for k, v in when.items())}): {lost} lost or of other bits")
    return int(lost > 0)


if __name__ == "__main__":
    if not QUARTIC:
        sys.exit("the quartic program is not built")
    numbers = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(numbers + [20, 1][len(numbers) :])))
