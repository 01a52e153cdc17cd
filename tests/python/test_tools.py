"""The checks of the source tree: clean as it stands, and able to fail."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(tool, *arguments):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / tool, *map(str, arguments)], text=True, capture_output=True, check=False
    )


@pytest.mark.parametrize("tool", ["rooms", "refusals", "initialisers"])
def test_the_tree_is_clean(tool):
    done = run(tool)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_include_against_the_order_of_rooms_is_found(tmp_path):
    for folder in ("include/quartic/core", "src/mcmc", "python/bindings"):
        (tmp_path / folder).mkdir(parents=True)
    includes = '#include "quartic/core/error.hpp"\n#include "quartic/stats/mbar.hpp"\n'
    (tmp_path / "src/mcmc/arrow.cpp").write_text(includes)
    done = run("rooms", tmp_path)
    assert done.returncode == 1
    assert done.stdout == "src/mcmc/arrow.cpp:2: mcmc may not use stats\n"


def test_an_error_without_a_hint_is_found(tmp_path):
    (tmp_path / "src/core").mkdir(parents=True)
    (tmp_path / "src/core/bare.cpp").write_text('void f() { throw BadInput("this cannot be"); }\n')
    done = run("refusals", tmp_path)
    assert done.returncode == 1 and "bare.cpp:1" in done.stdout


def test_a_call_after_the_first_member_of_a_designated_initialiser_is_found(tmp_path):
    (tmp_path / "src/run").mkdir(parents=True)
    (tmp_path / "src/run/made.cpp").write_text("Run f() { return {.config = read(), .action = std::move(a)}; }\n")
    assert run("initialisers", tmp_path).returncode == 0
    (tmp_path / "src/run/read.cpp").write_text("Run f() { return {.config = read(),\n  .action = read_action(in)}; }\n")
    done = run("initialisers", tmp_path)
    assert done.returncode == 1 and "read.cpp:1" in done.stdout
