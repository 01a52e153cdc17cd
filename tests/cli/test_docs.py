"""Every ```console block of the documentation is run as it stands.

A line `$ command` is a command; `# exit N` at its end says that it must exit with N instead of 0. The lines below
it are its output, where `...` stands for anything; none means that the output is not compared. The commands of one
page run one after another in an empty directory that holds a copy of examples/. The longest pages are slow tests; of
these the quick ones validate the configs.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")])
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

pytestmark = pytest.mark.skipif(shutil.which("quartic", path=PATH) is None, reason="the quartic program is not built")


def commands(page: Path) -> list[tuple[str, int, str]]:
    """(command, exit status, expected output) in order."""
    found = []
    for block in BLOCK.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            status = re.search(r"\s+# exit (\d+)$", command)
            found.append((command, int(status[1]) if status else 0, output.strip()))
    return found


def matches(output: str, expected: str) -> bool:
    pattern = r"(?s:.*?)".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in output.strip().splitlines())) is not None


LONG = (
    "00-sampling", "03-reweighting", "06-gaussian", "07-image", "08-inverse", "09-fashion", "10-stack", "11-inpainting",
    "12-ising-limit", "13-special-cases", "14-hidden-units", "python", "a-first-hour.md", "networks.md", "sampling.md",
)  # fmt: skip


def marked(page: Path):
    return pytest.param(page, marks=pytest.mark.slow if {page.name, page.parent.name} & set(LONG) else ())


@pytest.mark.parametrize("config", sorted(ROOT.glob("examples/*/*.toml")), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_config_of_an_example_is_valid(config):
    done = subprocess.run(
        ["quartic", "validate", config], env={**os.environ, "PATH": PATH}, text=True, capture_output=True, check=False
    )
    awaits_data = done.returncode == 3 and "there is no such file" in done.stderr  # which the page's commands make
    assert done.returncode == 0 or awaits_data, done.stderr


@pytest.mark.parametrize("page", [marked(p) for p in PAGES if commands(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_page_does_what_it_says(page, tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, "PATH": PATH, "NO_COLOR": "1"}
    for command, status, expected in commands(page):
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, text=True, timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"$ {command}\n{done.stdout}"
        assert not expected or matches(done.stdout, expected), f"$ {command}\n{done.stdout}"
