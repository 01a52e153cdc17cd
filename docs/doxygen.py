"""The public headers as XML in build/docs/doxygen/xml, for Breathe: `python docs/doxygen.py`, needs doxygen.

Doxygen reads copies, in which what stands above `#pragma once` describes the file and comments are text: <x> in them is
an average and no tag. It takes `local` for a word of IDL, and Sphinx cannot read designated initialisers.
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as tree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIES, XML = ROOT / "build/docs/include", ROOT / "build/docs/doxygen/xml"
LOCAL = "quartic_local"
COMMENT = re.compile(r"(^|.*?\s)(///<?|//)( ?)(.*)$")


def as_shown(comment: str) -> str:
    """Escaped, unless it is an indented block of code, which Doxygen leaves as it is."""
    return comment if comment.startswith("    ") else re.sub(r"[\\<>@#%]", r"\\\g<0>", comment)


def code(line: str) -> str:
    return re.sub(r"\{\.\w(\{\}|[^{}])*\}", "", re.sub(r"\blocal\b", LOCAL, line))


def prepared(lines: list[str]) -> list[str]:
    out, head = [], True
    for number, line in enumerate(lines):
        head = head and line.startswith("//")
        found = COMMENT.match(line)
        if not found:
            out.append(code(line))
            continue
        before, mark, space, comment = found.groups()
        if head:
            mark = "/// @file\n///" if number == 0 else "///"
        out.append(f"{code(before)}{mark}{space}{as_shown(comment)}")
    return out


def tidy() -> None:
    """No private members, which Doxygen lists in any case."""
    for file in XML.glob("*.xml"):
        content = file.read_text().replace(LOCAL, "local")
        file.write_text(re.sub(r'<sectiondef kind="private-.*?</sectiondef>', "", content, flags=re.DOTALL))


def name_files_by_path(index: Path) -> None:
    """There are two sampler.hpp; Breathe looks for files by the names that the index has."""
    content = tree.parse(index)
    for compound in content.getroot().iter("compound"):
        if compound.get("kind") == "file":
            refid = compound.get("refid")
            location = tree.parse(index.parent / f"{refid}.xml").getroot().find("compounddef/location")
            name = compound.find("name")
            assert location is not None and name is not None
            name.text = location.get("file")
    content.write(index, encoding="utf-8", xml_declaration=True)


def main() -> int:
    for header in sorted((ROOT / "include").rglob("*.hpp")):
        copy = COPIES / header.relative_to(ROOT / "include")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("\n".join(prepared(header.read_text().splitlines())) + "\n")
    XML.parent.mkdir(parents=True, exist_ok=True)
    status = subprocess.run(["doxygen", "docs/Doxyfile"], cwd=ROOT, check=False).returncode
    if status == 0:
        tidy()
        name_files_by_path(XML / "index.xml")
    return status


if __name__ == "__main__":
    sys.exit(main())
