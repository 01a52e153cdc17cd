"""What a forked child leaves its parent."""

import multiprocessing
import os
import subprocess
import sys
import threading
import weakref

import pytest

import quartic
from quartic.configs import into_file
from quartic.progress import Watch
from quartic.temporary import temporary_folder

S = quartic.Action(quartic.lattice("square", 2), w=0.3, a=0.5, b=0.2)


def run(**options):
    return quartic.sample(S, draws=20, chains=16, random_state=1, n_jobs=1, **options)


def end_a_child():
    """As sys.exit does in a fork, without pytest's own farewell."""
    if (process := os.fork()) == 0:
        weakref.finalize._exitfunc()
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0


def test_a_child_that_ends_leaves_the_run():
    result = run()
    end_a_child()
    assert result.path.exists() and result["m2"].value > 0


def forget(_):
    global kept
    kept = None
    return os.getpid()


def test_a_worker_that_drops_its_copy_leaves_the_run():
    global kept
    kept = result = run()
    path = result.path
    del result
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map_async(forget, [0]).get(timeout=60) != [os.getpid()]
    assert path.exists()
    kept = None
    assert not path.parent.exists()


def test_a_child_of_a_callback_leaves_the_place_of_the_run():
    parent = os.getpid()

    def begun(file, _):
        if (process := os.fork()) == 0:
            raise SystemExit
        assert os.waitpid(process, 0)[1] == 0
        return os.path.isdir(os.path.dirname(file)) or pytest.fail("the child has removed the folder")

    def into(run):
        return into_file(run, None, False, Watch(progress=False))

    try:
        with pytest.raises(quartic.BadInput, match="no run file"):  # nothing has written it
            into(begun)
    except SystemExit:
        os._exit(os.getpid() == parent)


def test_a_folder_is_left_by_a_child_that_another_thread_forks():
    made, ended = threading.Event(), threading.Event()

    def work():
        with temporary_folder() as folder:
            found.append(folder)
            made.set()
            ended.wait(60)

    found = []
    thread = threading.Thread(target=work)
    thread.start()
    made.wait(60)
    end_a_child()
    assert found[0].is_dir()
    ended.set()
    thread.join()
    assert not found[0].exists()


DAEMON = """
import threading, time, quartic
S = quartic.Action(quartic.lattice("square", 4), w=0.3, a=0.5, b=0.2)
X = __import__("numpy").random.default_rng(1).normal(0, 1, (2000, 20))
works = {
    "sample": lambda: quartic.sample(S, draws=10**7, progress=False, observables=functions),
    "learn": lambda: quartic.learn({"nn": -1, "phi2": 1, "phi4": 1}, S.graph, epochs=10**6, progress=False),
    "sampler": lambda: quartic.Sampler(S, 64, warm_up=10**8),
    "network": lambda: quartic.Network.from_data(X, 50).estimate_log_z(steps=10**8),
}
functions = {"o": lambda phi: (phi**2).sum((1, 2))}
threading.Thread(target=works[WORK], daemon=True).start()
time.sleep(1.5)
"""


@pytest.mark.parametrize("work", ["sample", "learn", "sampler", "network"])
def test_python_ends_while_a_daemon_thread_works(work):
    """Python before 3.14 ends such a thread by an exception, which no destructor lets through."""
    done = subprocess.run(
        [sys.executable, "-c", f"WORK = {work!r}\n{DAEMON}"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and "terminate" not in done.stderr, done
