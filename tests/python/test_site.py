"""The sources of the site hang together; tools/docs builds it, with warnings as errors."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import quartic

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [*DOCS.rglob("*.md"), *ROOT.glob("examples/*/README.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
)
CELL = re.compile(r"^```\{code-cell\} ipython3\n(?::[^\n]*\n)*(.*?)^```", re.MULTILINE | re.DOTALL)
NOTEBOOKS = [page for page in PAGES if CELL.search(page.read_text())]
NOT_EXPORTED = {"plot", "__version__"}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """Without blocks of code, but with the cards and toctrees that are written as such."""
    text = re.sub(r"^```(?!\{toctree\}).*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def toctree(page: Path) -> list[Path]:
    found = []
    for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        for line in block.split("\n"):
            if line and not line.startswith(":"):
                entries = sorted(page.parent.glob(f"{line}.md"))
                assert entries, f"{name(page)}: nothing is {line}"
                found += [entry.resolve() for entry in entries]
    return found


def slugs(page: Path) -> set[str]:
    """What headings are linked by."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_table_of_contents():
    reached, new = set(), [DOCS / "index.md"]
    while new:
        page = new.pop()
        assert page not in reached, f"{name(page)} is there twice"
        reached.add(page)
        new += toctree(page)
    assert {name(page) for page in PAGES} == {name(page) for page in reached}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in slugs(target), link


@pytest.mark.parametrize("page", NOTEBOOKS, ids=name)
def test_notebooks_are_python_and_name_what_is_public(page):
    text = page.read_text()
    assert text.startswith("---\njupytext:") and "\nkernelspec:\n" in text
    trees = [ast.parse(cell) for cell in CELL.findall(text)]
    used = {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "quartic"
    }
    assert used and used <= {*quartic.__all__, *NOT_EXPORTED}, used - {*quartic.__all__, *NOT_EXPORTED}


def test_the_tutorials_are_notebooks():
    assert {page for page in PAGES if page.parent.name == "tutorials"} <= set(NOTEBOOKS)


def test_the_reference_has_every_public_name_once():
    text = "\n".join(page.read_text() for page in sorted((DOCS / "reference/python").glob("*.md")))
    listed = re.findall(r"^\.\. auto(?:class|function|module):: (?:quartic\.)?(\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(quartic.__all__)


def test_the_reference_has_every_room():
    rooms = {folder.name for folder in (ROOT / "include/quartic").iterdir()}
    pages = {page.stem: page.read_text() for page in (DOCS / "reference/cpp").glob("*.md")}
    assert set(pages) == rooms
    assert all(f"```{{room}} {room}\n" in text for room, text in pages.items())


def test_exit_codes_are_those_of_the_code():
    header = (ROOT / "include/quartic/core/error.hpp").read_text()
    enumerators = re.findall(r"^  (\w+) = (\d+),", header, re.MULTILINE)
    rows = re.findall(r"^\| (\d+) \| ([\w ]+) \|", (DOCS / "exit-codes.md").read_text(), re.MULTILINE)
    assert [(int(code), word.replace(" ", "_")) for code, word in rows] == [(int(c), w) for w, c in enumerators]


def test_what_the_site_is_made_with_is_pinned():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all("==" in requirement for requirement in extras["docs"])
