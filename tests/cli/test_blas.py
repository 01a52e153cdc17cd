"""The program says which BLAS it runs on, and how fast that is."""

import os
import re
import resource
from pathlib import Path

import pytest
from program import needs_program, quartic

pytestmark = needs_program

CPU = Path("/proc/cpuinfo")
needs_avx2 = pytest.mark.skipif(not CPU.exists() or "avx2" not in CPU.read_text(), reason="this CPU lacks AVX2")


def with_environment(**names):
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_CORE")} | names


def selftest(folder, **names):
    return quartic("selftest", cwd=folder, env=with_environment(**names))


def test_the_program_begins_and_ends_without_it(tmp_path):
    """Linked, OpenBLAS could not start its threads here, and waited for them for ever at the end."""
    little = 200 * 2**20
    done = quartic(
        "--version", cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (little, little))
    )
    assert done.returncode == 0, done.stderr
    done = quartic("--version", cwd=tmp_path, env=with_environment(QUARTIC_BLAS="/nowhere.so"))
    assert done.returncode == 0, done.stderr


def test_selftest_names_it(tmp_path):
    done = selftest(tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"OpenBLAS [\d.]+ \(\w+, [\d.]+ GF/s a core\)", done.stdout.splitlines()[0])


@pytest.mark.parametrize(
    ("file", "reason"), [("/nowhere.so", "No such file"), ("libm.so.6", "libm.so.6 is no OpenBLAS")]
)
@pytest.mark.parametrize("verb", ["selftest", "bench"])
def test_a_file_that_is_none_is_refused_at_once(tmp_path, file, reason, verb):
    done = quartic(verb, cwd=tmp_path, env=with_environment(QUARTIC_BLAS=file), timeout=30)
    assert (done.returncode, done.stdout) == (3, "")
    assert "QUARTIC_BLAS cannot be used" in done.stderr and reason in done.stderr and "unset it" in done.stderr


def test_a_core_that_is_none_is_told_of(tmp_path):
    done = selftest(tmp_path, OPENBLAS_CORETYPE="Nonsense")
    assert done.returncode == 0
    assert "not OPENBLAS_CORETYPE=Nonsense" in done.stderr


@needs_avx2
def test_slow_kernels_are_told_of(tmp_path):
    done = selftest(tmp_path, OPENBLAS_CORETYPE="Prescott")
    assert done.returncode == 0
    assert "warning: OpenBLAS" in done.stderr and "unset OPENBLAS_CORETYPE=Prescott" in done.stderr
