"""A project kept interpreted says after each change what an analysis from the start says."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from nnxlint.cache import FileResults
from nnxlint.checking import lint
from nnxlint.knowledge import Project, load_projects
from nnxlint.live import LiveProject, keep_live
from nnxlint.project import check
from nnxlint.request import CheckRequest
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.settings import Overrides, settings_loader
from nnxlint.source import make_source
from nnxlint.syntax.tree import parse_tree

SETTINGS = settings_loader(Overrides())
PROJECTS = Path(__file__).resolve().parent.parent / "fixtures" / "_project"
EDITS = 25


def project_of(folder: Path) -> Project:
    [project] = [each for each in load_projects([folder], SETTINGS).projects if each.sources]
    return replace(project, reported=tuple(sorted(project.sources)))


def findings(analysis: Analysis) -> Sequence[FileResults]:
    return lint(analysis.project, analysis, CheckRequest((), SETTINGS)).files


def without_related(results: FileResults) -> object:
    return [replace(each, related=()) for each in results.diagnostics]


def edited(chance: random.Random, text: str) -> Iterator[str]:
    """Texts with one line gone, doubled, moved, changed, or added."""
    while True:
        lines = text.split("\n")
        filled = [row for row, line in enumerate(lines) if line.strip()]
        row, other = chance.choice(filled), chance.choice(filled)
        indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        lines[row : row + 1] = chance.choice(
            (
                [],
                [lines[row]] * 2,
                [indent + "pass", lines[row]],
                [indent + lines[other].lstrip()],
                [lines[row].replace("True", "False").replace("train", "evaluate")],
                ["", lines[row]],
                [indent + "# nothing", lines[row]],
            )
        )
        yield "\n".join(lines)


@pytest.mark.parametrize("name", sorted(path.name for path in PROJECTS.iterdir()))
def test_what_is_found_after_edits_is_what_a_new_start_finds(name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - edits, not secrets
    project = project_of(PROJECTS / name)
    analysis = analyse(project)
    live = analysis.live()
    differences = uprooted = 0
    for _ in range(EDITS):
        path = chance.choice([path for path in project.reported if project.sources[path].text.strip()])
        for text in edited(chance, project.sources[path].text):
            try:
                tree = parse_tree(make_source(path, text.encode()))
            except SyntaxError:
                continue
            break
        live.focus()
        before = findings(analysis)
        changed = live.change(tree)
        live.focus()
        project = replace(project, sources={**project.sources, path: tree.source})
        analysis, anew = replace(analysis, project=project), analyse(project)
        if changed.uprooted or changed.imports:
            uprooted += 1
            analysis, live = anew, anew.live()
            continue
        found = findings(analysis)
        assert found == findings(anew), path
        pairs = zip(project.reported, before, found, strict=True)
        others = {name for name, one, two in pairs if without_related(one) != without_related(two)}
        assert others <= changed.files, path
        live.focus(path)
        alone = replace(analysis, project=replace(project, reported=(path,)))
        assert findings(alone) == findings(replace(anew, project=alone.project)), path
        differences += 1
    assert differences > uprooted


@pytest.fixture
def demo() -> Project:
    return project_of(PROJECTS / "demo")


def test_a_change_in_one_function_runs_only_what_looked_at_it(demo: Project) -> None:
    analysis = analyse(demo)
    live = analysis.live()
    path = next(path for path in demo.sources if path.endswith("finetune.py"))
    before = dict(live.machine.roots)
    text = demo.sources[path].text
    body = text.index("    ", text.index("def "))
    live.change(parse_tree(make_source(path, f"{text[:body]}    pass\n{text[body:]}".encode())))
    same = [decl for decl, part in live.machine.roots.items() if before.get(decl) is part]
    assert len(same) > len(before) / 2


def test_new_imports_are_told(demo: Project) -> None:
    live = analyse(demo).live()
    path = next(path for path in demo.sources if path.endswith("finetune.py"))
    changed = live.change(parse_tree(make_source(path, b"import flowers.data\n" + demo.sources[path].text.encode())))
    assert changed.imports
    assert not changed.uprooted


def test_nodes_keep_their_identity_and_know_their_new_rows(demo: Project) -> None:
    live = analyse(demo).live()
    path = next(path for path in demo.sources if path.endswith("train.py"))
    before = {decl.name: decl for decl in live.modules[path].functions.values()}
    rows = {name: decl.node.lineno for name, decl in before.items()}
    live.change(parse_tree(make_source(path, b"\n\n" + demo.sources[path].text.encode())))
    for decl in live.modules[path].functions.values():
        assert before[decl.name] is decl
        assert decl.node.lineno == rows[decl.name] + 2


@pytest.fixture
def kept(demo: Project) -> LiveProject:
    return keep_live(demo, CheckRequest((), SETTINGS))


def test_a_glance_finds_what_a_check_finds(kept: LiveProject) -> None:
    report = check(CheckRequest(tuple(map(Path, kept.project.reported)), SETTINGS))
    for path in kept.project.reported:
        assert kept.glance(path).diagnostics == tuple(each for each in report.diagnostics if each.path == path)


def test_a_glance_follows_the_text(kept: LiveProject) -> None:
    path = next(path for path in kept.project.sources if path.endswith("finetune.py"))
    before = kept.glance(path).diagnostics
    text = kept.project.sources[path].text
    kept.change(path, f"\n\n{text}".encode())
    assert [each.span.start - 2 for each in kept.glance(path).diagnostics] == [each.span.start for each in before]
    kept.change(path, b"import jax\n")
    assert kept.glance(path).diagnostics == ()
    assert not kept.differs(kept.project)
    assert kept.differs(replace(kept.project, sources={path: kept.project.sources[path]}))


def test_a_text_that_does_not_parse_changes_nothing(kept: LiveProject) -> None:
    path = kept.project.reported[0]
    before = kept.glance(path)
    with pytest.raises(SyntaxError):
        kept.change(path, b"def (:\n")
    assert kept.glance(path).diagnostics == before.diagnostics


def test_files_that_a_change_may_have_touched_are_looked_at_again(kept: LiveProject) -> None:
    before = kept.report(kept.project.reported).diagnostics
    model = next(path for path in kept.project.sources if path.endswith("model.py"))
    evaluate = next(path for path in kept.project.sources if path.endswith("evaluate.py"))
    assert any(each.path == evaluate and each.code == "NNX102" for each in before)
    text = kept.project.sources[model].text
    start = text.index("    def __call__")
    kept.change(model, f"{text[:start]}    def __call__(self, *args, **more):\n        return args\n".encode())
    assert not any(each.path == evaluate and each.code == "NNX102" for each in kept.report([evaluate]).diagnostics)


def test_typing_for_long_wears_nothing_out(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    head = "from flax import nnx\n\n\ndef make(model, tx):\n"
    long = "".join(f"    part{number} = [model, tx, model, tx, model]\n" for number in range(200))
    tail = "    return nnx.Optimizer(model, tx)\n\n\ndef main(model, tx):\n    return make(model, tx)\n"
    (tmp_path / "main.py").write_text(head + long + tail)
    kept = keep_live(project_of(tmp_path), CheckRequest((), SETTINGS))
    path = (tmp_path / "main.py").as_posix()
    for number in range(60):
        kept.change(path, f"{head}    count = {number}\n{long}{tail}".encode())
        assert [each.code for each in kept.glance(path).diagnostics] == ["NNX206"]
