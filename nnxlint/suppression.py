"""What comments silence: findings taken away, and comments reported that silence nothing or name no rule."""

import difflib
import re
import string
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from nnxlint.diagnostic import Diagnostic
from nnxlint.directives import OWN, Comments, Directive, Named, may_have_directives, read_comments, without
from nnxlint.edits import Applicability, Edit, Fix
from nnxlint.linter import Linted
from nnxlint.rule import Rule
from nnxlint.rules.nnx901_unused_suppression import unused_suppression
from nnxlint.rules.nnx902_invalid_suppression import invalid_suppression
from nnxlint.rules.nnx999_rule_failure import rule_failure
from nnxlint.source import Source
from nnxlint.spans import Span

# What is said about comments is silenced by a comment that names it, never by one that names nothing.
_ABOUT_COMMENTS = frozenset({unused_suppression.code, invalid_suppression.code})
_CODE = re.compile(r"[A-Za-z]+\d+")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that ran on a file, and those that there are."""

    ran: Sequence[Rule]
    known: Sequence[Rule]

    @property
    def codes(self) -> Mapping[str, str]:
        """The codes of all rules by what a comment may call them."""
        return {key: rule.code for rule in self.known for key in (rule.code.lower(), rule.name.lower())}

    @property
    def prefixes(self) -> frozenset[str]:
        """What the codes of all rules start with."""
        return OWN | {rule.code.rstrip(string.digits) for rule in self.known}


def without_silenced(source: Source, linted: Linted, rules: Rules, target: Version) -> Linted:
    """Take away what comments silence, and add what is wrong with the comments themselves.

    A comment is called unused only where all the rules that it names ran: otherwise nobody knows.
    """
    if not may_have_directives(source, rules.prefixes):
        return linted
    comments = read_comments(source, rules.prefixes)
    if not comments.directives:
        return linted
    codes = rules.codes
    kept, used = _silenced(source, comments, linted.diagnostics, codes)
    running = {rule.code for rule in rules.ran if rule.speaks_on(target)}
    judged = frozenset() if linted.crashes else running - _ABOUT_COMMENTS
    found: list[Diagnostic] = []
    if unused_suppression.code in running:
        found += _unused(source, comments.directives, used, codes, judged)
    if invalid_suppression.code in running:
        found += _invalid(source, comments.directives, codes, rules.known)
    about, _ = _silenced(source, comments, found, codes)
    ordered = sorted((*kept, *about), key=lambda each: (each.span, each.code, each.message))
    return replace(linted, diagnostics=tuple(ordered))


def _silenced(
    source: Source, comments: Comments, diagnostics: Iterable[Diagnostic], codes: Mapping[str, str]
) -> tuple[list[Diagnostic], set[tuple[Directive, str]]]:
    """Give the diagnostics that no comment silences, and which codes of which directives silenced one."""
    kept: list[Diagnostic] = []
    used: set[tuple[Directive, str]] = set()
    for diagnostic in diagnostics:
        rows = comments.rows_of(source, diagnostic.span)
        silencing = [
            directive
            for directive in comments.directives
            if (directive.rows is None or directive.rows & rows) and _names(directive, diagnostic.code, codes)
        ]
        used |= {(directive, diagnostic.code) for directive in silencing}
        if not silencing:
            kept.append(diagnostic)
    return kept, used


def _names(directive: Directive, code: str, codes: Mapping[str, str]) -> bool:
    if code == rule_failure.code:  # a defect of ours is no opinion about the code
        return False
    if directive.names is None:
        return code not in _ABOUT_COMMENTS
    return any(codes.get(each.text.lower()) == code for each in directive.names)


def _unused(
    source: Source,
    directives: Iterable[Directive],
    used: Collection[tuple[Directive, str]],
    codes: Mapping[str, str],
    judged: Collection[str],
) -> Iterator[Diagnostic]:
    for directive in directives:
        named = ((each, codes.get(each.text.lower(), "")) for each in directive.names or ())
        idle = [each for each, code in named if code in judged and (directive, code) not in used]
        if idle:
            yield _diagnostic(
                unused_suppression,
                source,
                directive.span,
                f"{_listed(idle)} nothing here",
                fix=_removal(source, directive, idle),
            )


def _invalid(
    source: Source, directives: Iterable[Directive], codes: Mapping[str, str], known: Sequence[Rule]
) -> Iterator[Diagnostic]:
    for directive in directives:
        if directive.names == ():
            example = next((rule.code for rule in known if rule.code not in _ABOUT_COMMENTS), "NNX101")
            yield _diagnostic(
                invalid_suppression,
                source,
                directive.span,
                "the comment names no rule: it silences nothing",
                reason=f"rules are named in brackets, such as `ignore[{example}]`",
            )
        for each in directive.names or ():
            if each.text.lower() not in codes:
                yield _diagnostic(
                    invalid_suppression,
                    source,
                    each.span,
                    f"`{each.text}` is no rule: it silences nothing",
                    reason=_guess(each.text, codes),
                )


def _guess(name: str, codes: Mapping[str, str]) -> str:
    # Codes are all alike: of one that is wrong in more than a digit nobody knows what was meant.
    cutoff = 0.8 if _CODE.fullmatch(name) else 0.6
    near = difflib.get_close_matches(name.lower().replace("_", "-"), codes, n=1, cutoff=cutoff)
    if not near:
        return "`nnxlint rule --all` lists the codes and names that there are"
    found = near[0]
    return f"did you mean `{codes[found] if found == codes[found].lower() else found}`?"


def _listed(names: Sequence[Named]) -> str:
    more = len(names) - 1
    return f"`{names[0].text}` and {more} more silence" if more else f"`{names[0].text}` silences"


def _removal(source: Source, directive: Directive, idle: Sequence[Named]) -> Fix:
    span, content = without(source, directive, idle)
    whole = len(idle) == len(directive.names or ()) and not directive.others
    title = "remove the comment" if whole else f"remove {', '.join(f'`{each.text}`' for each in idle)}"
    return Fix(title, Applicability.SAFE, (Edit(span, content),))


def _diagnostic(
    rule: Rule, source: Source, span: Span, message: str, *, reason: str = "", fix: Fix | None = None
) -> Diagnostic:
    return Diagnostic(rule.code, rule.name, rule.level, message, source.path, span, reason, fix=fix)
