"""The directive `{room} NAME`: every public header of a room, as Doxygen has read it (docs/doxygen.py)."""

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

INCLUDE = Path(__file__).resolve().parent.parent / "include"


def unwrap_namespaces(section: nodes.section) -> list[str]:
    """All headers are of one namespace: what it holds stands in its place. Returns the names that led there."""
    names: list[str] = []
    for found in list(section.findall(addnodes.desc)):
        if found.astext().startswith("namespace "):
            names += next(found.findall(addnodes.desc_signature))["ids"]
            found.replace_self(next(found.findall(addnodes.desc_content)).children)
    return names


class Room(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        sections: list[nodes.Node] = []
        for header in sorted((INCLUDE / "quartic" / self.arguments[0]).glob("*.hpp")):
            name = str(header.relative_to(INCLUDE))
            self.env.note_dependency(str(header))
            section = nodes.section(names=[name])
            section += nodes.title(name, "", nodes.literal(name, name))
            self.state.document.note_implicit_target(section)
            self.state.nested_parse(StringList([f"```{{doxygenfile}} {name}", "```"]), self.content_offset, section)
            names = unwrap_namespaces(section)
            if not sections:
                section["ids"] += names[:1]
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("room", Room)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
