"""The checks of the source tree: clean as it stands, and able to fail."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

import quartic

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


def git(folder, *arguments):
    return subprocess.check_output(["git", "-C", folder, *arguments])


def commit_seen_by_cmake(source):
    script = 'include(cmake/commit.cmake)\nmessage("${QUARTIC_GIT_HASH}")\n'
    (source / "say.cmake").write_text(script)
    command = ["cmake", f"-DPROJECT_SOURCE_DIR={source}", "-P", "say.cmake"]
    return subprocess.run(command, cwd=source, check=True, capture_output=True, text=True).stderr.strip()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no clone")
def test_clones_archives_and_sdists_know_their_commit(tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", ROOT, clone)
    commit = git(clone, "rev-parse", "HEAD").decode()[:12]
    assert commit_seen_by_cmake(clone) == commit

    backend = "import quartic_backend; print(quartic_backend.build_sdist('dist'))"
    made = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, 'cmake/backend'); {backend}"],
        cwd=clone, check=True, capture_output=True, text=True,
    )  # fmt: skip
    git(clone, "archive", "--prefix=archive/", "--output", tmp_path / "archive.tar", "HEAD")
    git(tmp_path, "init", "--quiet")  # of which the unpacked ones are no part
    git(tmp_path, "-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "--allow-empty", "-m", "another")
    for packed in (clone / "dist" / made.stdout.split()[-1], tmp_path / "archive.tar"):
        with tarfile.open(packed) as tar:
            folder = tmp_path / tar.getnames()[0].split("/")[0]
            tar.extractall(tmp_path, filter="data")
        assert commit_seen_by_cmake(folder) == commit

    (folder / "cmake/commit.cmake").write_bytes((ROOT / "cmake/commit.cmake").read_bytes())
    assert commit_seen_by_cmake(folder) == "unknown"


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert quartic.__version__ == version  # compiled in: a folder without metadata says it too
    for file, before in (("CMakeLists.txt", r"project\(quartic VERSION "), ("CITATION.cff", "(?m)^version: ")):
        assert re.search(before + re.escape(version) + r"\b", (ROOT / file).read_text()), file
    for consumer in ("tests/install", "examples/cpp"):  # of the same minor version alone
        text = (ROOT / consumer / "CMakeLists.txt").read_text()
        assert re.search(r"find_package\(quartic ([\d.]+)", text)[1] == version.rpartition(".")[0], consumer


def test_the_program_of_a_wheel_is_named_as_its_python(tmp_path):
    shutil.copy(ROOT / "python/quartic_program.py", tmp_path)
    (tmp_path / "quartic").mkdir()
    (tmp_path / "quartic/_quartic.py").write_text("def program(words):\n    print(words)\n    return 0\n")
    call = "import sys, quartic_program; sys.argv[1:] = ['plot', 'run.h5']; sys.exit(quartic_program.main())"
    done = subprocess.run([sys.executable, "-c", call], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert done.returncode == 0 and done.stdout.strip() == str([sys.executable, "plot", "run.h5"]), done.stderr
