"""The directive `{verbs}`: what every verb of the program says of itself, `quartic VERB --help`."""

import re
import subprocess
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def said(*words: str) -> str:
    return subprocess.run(["quartic", *words], capture_output=True, text=True, check=True).stdout


class Verbs(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        listed, _, _ = said("--help").partition("\noptions of every verb")
        sections: list[nodes.Node] = []
        for verb in re.findall(r"^  ([a-z][a-z-]*)  +\S", listed, re.MULTILINE):
            section = nodes.section(names=[verb])
            section += nodes.title(verb, "", nodes.literal("", f"quartic {verb}"))
            section += nodes.literal_block("", said(verb, "--help"), language="text")
            self.state.document.note_implicit_target(section)
            sections.append(section)
        return sections or [self.state.document.reporter.severe("quartic --help lists no verbs", line=self.lineno)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("verbs", Verbs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
