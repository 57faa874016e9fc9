"""The rules over one module; the one place where a crash of a rule, or of the model it asks, is caught."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from types import FrameType, TracebackType

from nnxlint.diagnostic import Crash, Diagnostic
from nnxlint.rule import Context, Rule
from nnxlint.rules.nnx999_rule_failure import rule_failure
from nnxlint.semantic.model import SemanticModel
from nnxlint.spans import Span
from nnxlint.timing import Stopwatch


@dataclass(frozen=True, slots=True)
class Linted:
    """What the rules found in one file, sorted by place, and which of them crashed."""

    diagnostics: tuple[Diagnostic, ...]
    crashes: tuple[Crash, ...] = ()


def lint_file(model: SemanticModel, rules: Sequence[Rule]) -> tuple[Diagnostic, ...]:
    """Run the rules that speak on the model's target; one that crashes becomes an NNX999 diagnostic."""
    return lint_path(model.path, lambda _path: model, rules).diagnostics


def lint_path(
    path: str, model_of: Callable[[str], SemanticModel], rules: Sequence[Rule], clock: Stopwatch | None = None
) -> Linted:
    """Run the rules over the file; its model is asked for here, so that a crash of that is caught too."""
    diagnostics: list[Diagnostic] = []
    crashes: list[Crash] = []
    try:
        model = model_of(path)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the other files are still linted
        return Linted((_failure("the semantic model", path, error),), (_crash("the semantic model", path, error),))
    for rule in rules:
        if not rule.speaks_on(model.target):
            continue
        try:
            with nullcontext() if clock is None else clock.rule(rule.code, rule.name):
                diagnostics.extend(_diagnostics(rule, Context(rule, model, model.target)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the other rules go on
            culprit = f"rule {rule.code} ({rule.name})"
            diagnostics.append(_failure(culprit, path, error, rule.origin))
            crashes.append(_crash(culprit, path, error))
    kept = _without_superseded(dict.fromkeys(diagnostics), rules)
    return Linted(tuple(sorted(kept, key=_place)), tuple(crashes))


def _diagnostics(rule: Rule, context: Context) -> Iterator[Diagnostic]:
    """What a rule yields; `TypeError` where that is something else, for rules may be anybody's."""
    for each in rule.check(context):
        if not isinstance(each, Diagnostic):
            message = f"yields {type(each).__name__}, not a diagnostic of `ctx.diagnostic`"
            raise TypeError(message)
        yield each


def _without_superseded(diagnostics: Iterable[Diagnostic], rules: Sequence[Rule]) -> Iterator[Diagnostic]:
    """Drop what a more specific rule also reports at the same anchor: one finding a mistake."""
    supersedes = {rule.code: rule.supersedes for rule in rules}
    found = tuple(diagnostics)
    silenced = {(code, each.span.start) for each in found for code in supersedes.get(each.code, ())}
    return (each for each in found if (each.code, each.span.start) not in silenced)


def _place(diagnostic: Diagnostic) -> tuple[Span, str, str]:
    return diagnostic.span, diagnostic.code, diagnostic.message


def _crash(culprit: str, path: str, error: BaseException) -> Crash:
    return Crash(culprit, path, "".join(traceback.format_exception(error)))


def _failure(culprit: str, path: str, error: BaseException, origin: str = "") -> Diagnostic:
    where = traceback.extract_tb(error.__traceback__)[-1]
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return Diagnostic(
        code=rule_failure.code,
        name=rule_failure.name,
        level=rule_failure.level,
        message=f"{culprit} crashed here: a defect of {origin or 'nnxlint'}",
        path=path,
        span=_site_under_examination(error.__traceback__),
        reason=f"{what} ({where.name}, line {where.lineno})",
    )


def _site_under_examination(trace: TracebackType | None) -> Span:
    """Find the span of the site that the check held when it crashed, else the file's start.

    A rule looks at one site after another in its local variables; the innermost frame that holds one tells
    the place, and without it nobody could find which code makes the rule crash.
    """
    found = Span(0, 0)
    while trace is not None:
        found = _last_site(trace.tb_frame) or found
        trace = trace.tb_next
    return found


def _last_site(frame: FrameType) -> Span | None:
    for value in reversed(tuple(frame.f_locals.values())):
        with suppress(Exception):  # a property of a half-built object may raise anything
            span: object = getattr(value, "span", None)
            if isinstance(span, Span):
                return span
    return None
