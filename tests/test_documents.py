"""The pages: every link leads somewhere, and every page can be found."""

import importlib.util
import re
from pathlib import Path

import pytest

from nnxlint.cli import main
from tests.fixture_cases import ROOT

DOCS = ROOT / "docs"
PAGES = (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "editors").glob("**/README.md"))
PAGES = tuple(page for page in PAGES if "node_modules" not in page.parts)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^(`{3,}).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for found in LINK.finditer(text):
        path, _, heading = found["to"].partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), found["to"]
        if heading and target.suffix == ".md":
            assert heading in _headings(target), found["to"]


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md") if path.name != "index.md"))
def test_every_page_is_in_the_index(page: str) -> None:
    assert f"]({page})" in (DOCS / "index.md").read_text(encoding="utf-8")


def test_installing_is_told_as_what_works_in_a_clone() -> None:
    parts = ("nnxlint/**/*.py", "editors/*/src/*.ts", "editors/*/src/*.rs")
    texts = (*PAGES, *(path for part in parts for path in ROOT.glob(part)))
    wrong = re.compile(r"pip install ['\"]?nnxlint\b(?! @)")  # from an address it can be
    assert [path.name for path in texts if wrong.search(path.read_text(encoding="utf-8"))] == []


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pygls" else found(name))
    assert main(["server"]) == 2
    assert capsys.readouterr().err.endswith("which is not installed: install nnxlint with its extra `lsp`\n")


def _headings(page: Path) -> set[str]:
    """Give the headings as links spell them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
