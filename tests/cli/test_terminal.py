"""What the program says on a terminal, and only there: colours, bars, curves."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

import numpy as np
import pytest
from program import A3, QUARTIC, needs_program, quartic

pytestmark = needs_program

RED, ERASE = "\x1b[31m", "\x1b[K"
SHORT = (
    "[graph]\nextent = [3, 3]\n[sampler]\nchains = 32\n[certificate]\nenabled = false\n"
    "[learn]\noptimiser = 'gradient'\nstop_early = false\nepochs = 300\n"
)


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.toml").write_text(SHORT + A3)
    return tmp_path


def on_terminal(*arguments, cwd, columns=0, **environment):
    """What is read from a terminal that is standard output and error; and the exit code. Of no known width: 0."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    said = []

    def read():
        while True:
            try:
                part = os.read(reader, 65536)
            except OSError:  # the last writer has gone
                return
            if not part:
                return
            said.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [QUARTIC, *map(str, arguments)], cwd=cwd, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer,
        env={**plain, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(writer)
    code = process.wait(timeout=120)
    thread.join(timeout=10)
    os.close(reader)
    return b"".join(said).decode(), code


def test_errors_are_red_on_terminals_alone_and_never_with_no_color(here):
    said, code = on_terminal("lern", cwd=here)
    assert code == 2 and said.startswith(f"{RED}quartic:\x1b[0m there is no verb")
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal("lern", cwd=here, **environment)[0]
    assert RED in on_terminal("lern", cwd=here, NO_COLOR="")[0]  # set to nothing: no-color.org
    assert "\x1b" not in quartic("lern", cwd=here).stderr


def test_verdicts_that_are_no_good_are_red(here):
    assert quartic("learn", "run.toml", "--quiet", cwd=here).returncode == 0
    said, _ = on_terminal("diagnose", "run.h5", cwd=here)
    assert f"{RED}FAILED\x1b[0m" in said and "ok" in said
    plain, _ = on_terminal("diagnose", "run.h5", cwd=here, NO_COLOR="1")
    assert said.replace(RED, "").replace("\x1b[0m", "") == plain
    assert plain.replace("\r\n", "\n") == quartic("diagnose", "run.h5", cwd=here).stdout


def test_sentences_are_as_wide_as_the_terminal(here):
    """The findings of judge among them; in a pipe a line is a line."""
    np.save(here / "phi.npy", np.random.default_rng(1).normal(0, 0.5**0.5, (1000, 9)))
    action = ("action.w=0", "action.a=1.1", "action.b=0")
    judge = ("judge", "phi.npy", "--action", "run.toml", *(word for term in action for word in ("--set", term)))
    whole = quartic(*judge, cwd=here).stdout
    assert max(map(len, whole.partition("WRONG")[2].splitlines())) > 72
    said, code = on_terminal(*judge, cwd=here, columns=72, NO_COLOR="1")
    assert code == 5 and "WRONG" in said
    prose = said.partition("WRONG")[2].splitlines()
    assert max(map(len, prose)) <= 72
    assert " ".join(said.partition("WRONG")[2].split()) in " ".join(whole.split())


def test_a_bar_is_drawn_on_terminals_alone(here):
    said, code = on_terminal("learn", "run.toml", cwd=here)
    assert code == 0 and ERASE in said and "epoch 0/300" in said
    for name, environment in (("dumb", {"TERM": "dumb"}), ("none", {"TERM": ""})):
        said, code = on_terminal("learn", "run.toml", "-o", f"{name}.h5", cwd=here, **environment)
        assert code == 0 and ("\x1b" in said) == (name == "none")
    assert "\x1b" not in quartic("learn", "run.toml", "-o", "pipe.h5", cwd=here).stderr


def test_live_curves(here):
    said, code = on_terminal("learn", "run.toml", "--live", cwd=here)
    assert code == 0
    last = said.split("\x1b[1A")[-1]  # what stays
    curves = [line for line in last.splitlines() if "▁" in line]
    assert [line.split(ERASE)[-1].split()[0] for line in curves] == ["|grad|", "Var(A-S)"]
    assert "64 parameters" not in last and "learning" in last
    done = quartic("learn", "run.toml", "--live", "-o", "pipe.h5", cwd=here)
    assert done.returncode == 0 and "--live draws on terminals alone" in done.stderr and "▁" not in done.stderr
    done = quartic("learn", "run.toml", "--live", "--quiet", "-o", "quiet.h5", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    assert on_terminal("learn", "run.toml", "--live", "--quiet", "-o", "shy.h5", cwd=here) == ("", 0)


def test_a_run_is_the_same_whoever_watches(here):
    from program import same_bits

    on_terminal("learn", "run.toml", "--live", cwd=here)
    assert quartic("learn", "run.toml", "--quiet", "-o", "quiet.h5", cwd=here).returncode == 0
    same_bits(here / "run.h5", here / "quiet.h5")


def test_placing_hidden_units_is_told_of(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(300, 9)))
    (tmp_path / "run.toml").write_text(
        "[graph]\nextent = [3, 3]\n[model]\nhidden_units = 2\n[data]\npath = 'x.npy'\n[sampler]\nchains = 32\n"
        "[fit]\nepochs = 1\n[evaluation]\nenabled = false\n"
    )
    done = quartic("fit", "run.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == "placing hidden units"
