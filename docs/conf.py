"""Knows how the pages become a site; must not need a network, nor anything that the extra ``docs`` does not bring."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref, pending_xref_condition
from sphinx.application import Sphinx
from sphinx.util import logging

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import draw_api  # noqa: E402 - found beside this file, once its folder is known

import servflow  # noqa: E402 - as above

project = "servflow"
author = "the servflow authors"
project_copyright = "the servflow authors"
release = version = servflow.__version__

# The source is the whole repository: a link from a page to an example, or back, is the one that a reader of the files follows.
root_doc = "docs/index"
include_patterns = ["docs/*.md", "docs/**/*.md", "examples/*/README.md", "CHANGELOG.md"]
exclude_patterns = [".*", "build", "servflow", "tests"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

language = "en"
nitpicky = False  # types of other libraries are named in signatures, and nothing is fetched to know where they are described
suppress_warnings = ["myst.header"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_use_type_comments = False
add_module_names = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 100
toc_object_entries = False  # every page of the site would copy them for its sidebar
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"servflow {release}"
html_copy_source = False
html_show_sphinx = False
pygments_style = "tango"
pygments_dark_style = "monokai"

LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#\s]+\.md)(?:#[^)]*)?\)")
logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join what follows to the build."""
    app.connect("source-read", navigation)
    app.connect("autodoc-process-docstring", constant)
    app.connect("doctree-read", plain_types)
    app.connect("env-check-consistency", complete)
    app.connect("build-finished", front)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def navigation(app: Sphinx, page: str, source: list[str]) -> None:
    """
    The navigation is what the front page lists, in its order, under its headings.

    The decisions are left out of it: their page lists them, and a navigation of all of them on every page takes long to build.
    """
    if page == root_doc:
        for heading, text in re.findall(r"^## (.+)$\n((?:(?!^## ).*\n?)*)", source[0], re.MULTILINE):
            links = list(dict.fromkeys(LINK.findall(text)))
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {heading}\n\n" + "\n".join(links) + "\n```\n"
    elif page == "docs/decisions/README":
        for path in sorted((HERE / "decisions").glob("0*.md")):
            title = path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
            source[0] += f"\n* [{title}]({path.name})"
    elif page.startswith("docs/decisions/"):
        source[0] = "---\norphan: true\n---\n" + source[0]
    elif page == "docs/reference/api/README":
        links = [path.name for path in sorted((HERE / "reference" / "api").glob("*.md")) if path.stem != "README"]
        source[0] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(links) + "\n```\n"


def constant(app: Sphinx, what: str, name: str, *rest: Any) -> None:
    """A constant is described by the text below it, not by its type's docstring."""
    lines = rest[-1]
    if what == "data":
        module, _, plain = name.rpartition(".")
        said = draw_api.text_of(module, plain)
        if not said:
            logger.warning("%s has no text below it that says what it is", name)
        lines[:] = [*said.splitlines(), ""]


def plain_types(app: Sphinx, doctree: Any) -> None:
    """Types of other libraries stay words: to look for each of them among all our names takes a third of a build."""
    ours = {name for _, name in draw_api.homes()}
    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") == "py" and node["reftarget"].rpartition(".")[2] not in ours:
            short = (
                one.children
                for one in node.children
                if isinstance(one, pending_xref_condition) and one["condition"] == "resolved"
            )
            node.replace_self(next(short, node.children))


def complete(app: Sphinx, env: Any) -> None:
    """Warn of every public name that no page describes, and of every one that says nothing."""
    described = env.domains["py"].objects
    for (package, name), home in draw_api.homes().items():
        if f"{home}.{name}" not in described:
            logger.warning("%s.%s is public and described nowhere", package, name)


def front(app: Sphinx, error: Exception | None) -> None:
    """The folder that was built opens at the front page."""
    if error is None and app.builder.name == "html":
        (Path(app.outdir) / "index.html").write_text(
            '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html">\n', "utf-8"
        )
