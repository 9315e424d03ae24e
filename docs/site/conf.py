"""Sphinx's settings for the site that `make docs` builds of the README and the pages in docs/.

The source folder is the repository itself, so that every link between pages is the same on the site and on GitHub. What
only the site has (the navigation, the reference, diagrams as pictures) is added while the pages are read.
"""

import importlib.metadata
import shutil
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "src")]

# Every page, in the order in which a new reader needs them. A page that is missing here fails the build.
NAV = {
    "First steps": ["README", "docs/install", "docs/notebook"],
    "Your data": ["docs/your_data", "docs/data", "docs/annotation"],
    "Training": ["docs/pipeline", "docs/params", "docs/commands"],
    "Results": ["docs/metrics", "docs/evaluation", "docs/pull_requests", "docs/experiments"],
    "Prediction": ["docs/deploy", "docs/python"],
    "Operation": ["docs/remotes", "docs/scaling", "docs/reliability", "docs/troubleshooting"],
    "The project": ["CONTRIBUTING", "SECURITY", "data/raw/sample/README", "CHANGELOG"],
}

project = "nerpipe"
release = importlib.metadata.version("nerpipe")
html_title = "nerpipe"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "diagrams", "reference", "notebook_page"]

root_doc = "README"
include_patterns = [f"{page}.*" for pages in NAV.values() for page in pages] + ["docs/*.md"]
exclude_patterns = [".*", "models", "reports", "site", "src", "tests"]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

default_role = "code"  # What stands between backticks in a docstring is code.
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
maximum_signature_line_length = 100
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add the navigation to the first page. On GitHub it would be shown as code."""
    if page == root_doc:
        for caption, pages in NAV.items():
            entries = "\n".join("Overview <self>" if page == root_doc else f"/{page}" for page in pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"


def add_index(app: Sphinx, error: Exception | None) -> None:
    """Make the first page the one that a server shows for the folder."""
    if error is None:
        shutil.copyfile(app.outdir / f"{root_doc}.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    """Connect the functions above."""
    app.connect("source-read", add_navigation)
    app.connect("build-finished", add_index)
