"""scikit-build-core's backend, and in every sdist the commit that it is of, which cmake/commit.cmake reads."""

import subprocess
from pathlib import Path

from scikit_build_core import build
from scikit_build_core.build import *  # noqa: F403

SOURCE = Path(__file__).parents[2]


def build_sdist(sdist_directory: str, config_settings: dict[str, list[str] | str] | None = None) -> str:
    if (SOURCE / ".git").exists():  # an sdist of an unpacked sdist keeps the file
        command = ["git", "-C", SOURCE, "rev-parse", "HEAD"]
        (SOURCE / "cmake/commit").write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return build.build_sdist(sdist_directory, config_settings)
