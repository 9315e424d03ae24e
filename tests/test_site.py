"""The site of the documentation: every page is there, every link leads somewhere, and no network is needed."""

import ast
import html
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import nerpipe
from chromium import chromium, fits, phone
from places import ROOT
from repository import copy_repository

CONF = ROOT / "docs/site/conf.py"
POINTERS = {"author", "canonical", "index", "next", "prev", "search"}  # Links of a page that load nothing.
RESOURCES = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "srcset", "object": "data"}


def navigation():
    """The pages of the site, by caption."""
    assignments = [node for node in ast.parse(CONF.read_text()).body if isinstance(node, ast.Assign)]
    return next(ast.literal_eval(node.value) for node in assignments if ast.unparse(node.targets[0]) == "NAV")


def pages():
    return [page for pages in navigation().values() for page in pages]


def test_the_navigation_has_every_page_of_the_documentation_once():
    there = {path.relative_to(ROOT).with_suffix("").as_posix() for path in (ROOT / "docs").glob("*.*")}
    assert there <= set(pages())
    assert len(pages()) == len(set(pages()))
    assert all((ROOT / f"{page}.md").exists() or (ROOT / f"{page}.ipynb").exists() for page in pages())


class Page(HTMLParser):
    """What a page of the site links, loads and offers."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded, self.titles, self.sidebar = set(), [], [], [], []
        self._open = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found["id"]} if "id" in found else set()
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
            if "toctree-l1" in (self._open or ""):
                self.sidebar.append(found["href"])
            self._open = None
        if tag == "li":
            self._open = found.get("class")
        if tag in RESOURCES and found.get(RESOURCES[tag]) and found.get("rel") not in POINTERS:
            self.loaded.append(found[RESOURCES[tag]])


def build(source, target):
    """Build the site with the command of the Makefile."""
    line = re.search(r"(?m)^\tsphinx-build (.*)", (ROOT / "Makefile").read_text())[1]
    options = shlex.split(line.replace(" .sphinx_cache ", f" {target}.cache "))[:-2]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(source), str(target)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx", reason="Sphinx is not installed: requirements/dev.txt")
    folder = tmp_path_factory.mktemp("site")
    copy_repository(folder / "source")
    done = build(folder / "source", folder / "site")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "site"


@pytest.fixture(scope="module")
def built(site):
    return {path: Page(path) for path in site.rglob("*.html")}


@pytest.mark.slow
def test_every_link_and_anchor_within_the_site_resolves(built):
    links = 0
    for path, page in built.items():
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            place, _, anchor = link.partition("#")
            target = (path.parent / unquote(place)).resolve() if place else path
            assert target.is_file(), f"{path.name}: {link}"
            assert not anchor or anchor in built[target].ids, f"{path.name}: {link}"
            links += 1
    assert links > 500


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site, built):
    for path, page in built.items():
        for place in page.loaded:
            assert not re.match(r"([a-z]+:)?//", place), f"{path.name}: {place}"
            assert (path.parent / place.partition("?")[0]).exists(), f"{path.name}: {place}"
    for path in site.rglob("*.css"):
        for place in re.findall(r"url\(['\"]?(?!data:)([^)'\"]+)|@import", path.read_text(encoding="utf-8")):
            assert (path.parent / place).exists(), f"{path.name}: {place}"


@pytest.mark.slow
def test_the_first_page_leads_to_all_others_in_the_order_of_a_reader(site, built):
    for name in ("index.html", "README.html"):
        assert built[site / name].sidebar == ["#", *(f"{page}.html" for page in pages()[1:])]


@pytest.mark.slow
def test_the_reference_has_every_public_name_with_types_and_descriptions(site, built):
    page = site / "docs/python.html"
    assert {f"nerpipe.{name}" for name in nerpipe.__all__} <= built[page].ids
    text = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))))
    assert re.search(r"score\( ?gold: Sequence\[Sequence\[str\]\], predicted: .{,40} → Scores", text)
    for name in ("Predictor", "align_labels", "train_model", "score_files"):
        first = getattr(nerpipe, name).__doc__.splitlines()[0].replace("`", "")
        assert first.replace("'", "’") in text.replace("'", "’"), name
    assert "Probability of the entity, 0 to 1." in text  # a comment on a field of Entity


@pytest.mark.slow
def test_the_notebook_and_the_diagrams_are_shown(site):
    notebook = (site / "docs/notebook.html").read_text(encoding="utf-8")
    assert "San Francisco" in notebook
    assert 'class="output' in notebook
    for name in ("CONTRIBUTING", "docs/pipeline"):
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        assert text.count("<svg role=") == 1
        assert "flowchart" not in text


@pytest.mark.slow
def test_a_broken_link_or_anchor_fails_the_build(tmp_path):
    pytest.importorskip("sphinx", reason="Sphinx is not installed: requirements/dev.txt")
    copy_repository(tmp_path / "source")
    with (tmp_path / "source/README.md").open("a") as file:
        file.write("\n[one](docs/nowhere.md), [two](docs/data.md#no-such-heading)\n")
    (tmp_path / "source/docs/lonely.md").write_text("# Lonely\n")
    done = build(tmp_path / "source", tmp_path / "site")
    assert done.returncode != 0
    for wrong in ("nowhere.md", "no-such-heading", "lonely.md"):
        assert wrong in done.stderr


@pytest.mark.slow
def test_it_is_read_and_searched_in_a_browser_from_the_disk(site):
    with chromium() as window, phone(window):
        from selenium.webdriver.support.ui import WebDriverWait

        for page in pages():
            window.get((site / f"{page}.html").as_uri())
            assert fits(window), page
            loaded = window.execute_script("return performance.getEntriesByType('resource').map(each => each.name)")
            assert [place for place in loaded if not place.startswith(("file:", "data:"))] == []
        window.get((site / "search.html").as_uri() + "?q=quarantined")
        found = "return [...document.querySelectorAll('#search-results li a')].map(each => each.href)"

        def is_found(window):  # The page lists its results one after the other.
            places = window.execute_script(found)
            return any(Path(place.partition("?")[0].partition("#")[0]).name == "data.html" for place in places)

        WebDriverWait(window, 30).until(is_found)
