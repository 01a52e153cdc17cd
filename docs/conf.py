"""The site, as tools/docs builds it: the repository is its source, so that every link is one in the repository, too."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import python_objects  # noqa: E402
from sphinx.domains.python import PyObject  # noqa: E402

python_objects.make_readable()

project = "quartic"
author = "The quartic developers"
copyright = author
version = release = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "breathe",
    "cpp_reference",
    "command_line",
    "sphinx_copybutton",
    "sphinx_design",
]
root_doc = "docs/index"
include_patterns = ["docs/**.md", "examples/*/README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
exclude_patterns = [
    "build",
    "dist",
    ".venv",
    ".git",
    "src",
    "tests",
    "include",
    "python",
    "**/.*",
]  # not walked through
suppress_warnings = [
    "duplicate_declaration.cpp",  # every header opens the namespace anew
    "ref.python",  # `a` in a docstring: of Action or of Network
]
nitpicky = False
highlight_language = "text"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

# Notebooks are pages of text, and are executed as the site is built.
os.environ["MATPLOTLIBRC"] = str(HERE / "matplotlibrc")  # of the notebooks' kernels
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two pages are executed at once
nb_execution_mode = os.environ.get("QUARTIC_NOTEBOOKS", "force")
nb_execution_cache_path = str(ROOT / "build/docs/notebooks")
nb_execution_in_temp = True
nb_execution_timeout = 900  # seconds a cell, also of a busy machine
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"  # bars of progress

default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings have the types
autoclass_content = "class"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

breathe_projects = {project: str(ROOT / "build/docs/doxygen/xml")}
breathe_default_project = project
breathe_show_include = False

copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
copybutton_copy_empty_lines = False

html_theme = "furo"
html_title = f"quartic {version}"
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_root"]
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2b6ca3", "color-brand-content": "#2b6ca3"},
    "dark_css_variables": {"color-brand-primary": "#7fb2e0", "color-brand-content": "#7fb2e0"},
}

linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_workers = 4
linkcheck_ignore = [r"https://(doi\.org|journals\.aps\.org)/"]  # publishers turn programs away


def spread_notebooks(app, env, docnames):
    """Evenly over all pages, so that the processes that read them, a stretch each, share the notebooks."""
    notebooks = [name for name in docnames if name.startswith("docs/tutorials/")]
    others = [name for name in docnames if name not in notebooks]
    for k, name in enumerate(notebooks):
        others.insert(k * -(-len(docnames) // len(notebooks)), name)
    docnames[:] = others


def setup(app):
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.connect("env-before-read-docs", spread_notebooks)
    app.connect("autodoc-skip-member", python_objects.skip)
    app.connect("autodoc-process-docstring", python_objects.split_attributes, priority=100)  # before napoleon
