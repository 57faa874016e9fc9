"""The report of `nnxlint verify`: one page that needs nothing else, with the verdicts and what the fixes change."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import zip_longest

from nnxlint import __version__
from nnxlint.render.plots import described, is_scatter, plot
from nnxlint.render.verify import summary
from nnxlint.rules import all_rules
from nnxlint.verify.protocol import Series
from nnxlint.verify.results import Curve, Run
from nnxlint.verify.verdicts import Verdict

_MEANINGS = {
    Verdict.PROVED: "the same computation, for all inputs of these shapes",
    Verdict.TESTED: "equal numbers over seeds, steps, and eager and compiled runs, within the tolerance",
    Verdict.REVIVED: "the promised error before, none after, and equal to the good program",
    Verdict.REPAIRED: "the witness fails before and holds after; everything else is as it was",
    Verdict.DIFFERS: "a counterexample was found",
    Verdict.UNVERIFIED: "nothing can be said, for the reason given",
}
_CLASSES = {Verdict.DIFFERS: "fails", Verdict.UNVERIFIED: "open"}


def report_page(runs: Sequence[Run]) -> str:
    """Give the page as HTML."""
    style = files("nnxlint.render").joinpath("report.css").read_text(encoding="utf-8")
    return "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>nnxlint verify</title>\n<style>\n{style}</style>\n</head>\n<body>",
            '<a class="skip" href="#verdicts">Skip to the verdicts</a>',
            f"<header>\n<h1>nnxlint verify</h1>\n<p>{escape(summary(runs))}</p>\n</header>",
            "<main>",
            *_verdicts(runs),
            *_plots(runs),
            "</main>",
            f"<footer><p>Written by nnxlint {__version__}.</p></footer>\n</body>\n</html>\n",
        )
    )


def _verdicts(runs: Sequence[Run]) -> Iterator[str]:
    first = "Place" if any(run.place for run in runs) else "Promise"
    heads = ("Rule", first, "Verdict", "Device", "Seconds", "Why")
    yield '<section aria-labelledby="verdicts">\n<h2 id="verdicts" tabindex="-1">Verdicts</h2>'
    yield '<div class="scroll" role="region" aria-labelledby="verdicts" tabindex="0">\n<table>'
    yield "<caption>One verdict a row.</caption>\n<thead>\n<tr>"
    yield "".join(f'<th scope="col">{head}</th>' for head in heads)
    yield "</tr>\n</thead>\n<tbody>"
    yield from map(_row, runs)
    yield "</tbody>\n</table>\n</div>\n<h3>What the verdicts mean</h3>\n<dl>"
    for verdict in dict.fromkeys(run.result.verdict for run in runs):
        yield f"<dt>{_verdict(verdict)}</dt><dd>{escape(_MEANINGS[verdict])}</dd>"
    yield "</dl>\n</section>"


def _row(run: Run) -> str:
    result = run.result
    cells = (
        f'<th scope="row">{escape(result.code)}</th>',
        f"<td><code>{escape(run.place or result.contract or 'none')}</code></td>",
        f"<td>{_verdict(result.verdict)}</td>",
        f"<td>{escape(result.device)}</td>",
        f'<td class="number">{result.seconds:.1f}</td>',
        f'<td class="why">{_prose(result.reason)}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _verdict(verdict: Verdict) -> str:
    return f'<span class="verdict {_CLASSES.get(verdict, "holds")}">{verdict.value}</span>'


def _plots(runs: Sequence[Run]) -> Iterator[str]:
    """What the bug does and what the fix does, for each rule of which something can be drawn."""
    names = {rule.code: rule.name for rule in all_rules()}
    for number, run in enumerate(runs):
        if not run.result.curves:
            continue
        name = f"run-{number}"
        title = " ".join((run.result.code, names.get(run.result.code, ""), run.place)).strip()
        yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{escape(title)}</h2>'
        yield '<div class="plots">'
        yield from (_figure(f"{name}-{index}", drawn) for index, drawn in enumerate(_worth_drawing(run.result.curves)))
        yield "</div>\n</section>"


def _worth_drawing(curves: Sequence[Curve]) -> list[Curve]:
    """Of all models' series, one plot of each kind: the first in which the fix makes a difference."""
    single = [each for curve in curves for each in _single(curve)]
    telling = [each for each in single if _values(each.bad) != _values(each.fixed)] or single
    by_kind: dict[str, Curve] = {}
    for each in telling:
        by_kind.setdefault((each.bad or each.fixed)[0].y_label, each)
    return list(by_kind.values())


def _values(series: Sequence[Series]) -> list[tuple[float | None, ...]]:
    return [each.values for each in series]


def _single(curve: Curve) -> Iterator[Curve]:
    """What goes into one plot each: two streams together, else the series of one title."""
    if is_scatter(curve.bad, curve.fixed):
        yield Curve(curve.subject, curve.bad[:2], curve.fixed[:2])
        return
    for title in dict.fromkeys(series.title for series in (*curve.bad, *curve.fixed)):
        bad, fixed = (tuple(each for each in side if each.title == title)[:1] for side in (curve.bad, curve.fixed))
        yield Curve(curve.subject, bad, fixed)


def _figure(name: str, drawn: Curve) -> str:
    bad, fixed = drawn.bad, drawn.fixed
    first = (*bad, *fixed)[0]
    title = f"{first.title} against {bad[1].title}" if is_scatter(bad, fixed) else first.title
    drawing = plot(title.replace("`", ""), bad, fixed, name)
    return (
        f"<figure>\n<figcaption>{_prose(title)}, on {escape(drawn.subject)}</figcaption>\n{drawing}\n"
        f"<p>{escape(described(bad, fixed))}</p>\n{_numbers(first.x_label, title, bad, fixed)}\n</figure>"
    )


def _numbers(x_label: str, title: str, bad: Sequence[Series], fixed: Sequence[Series]) -> str:
    """The same as a table, for who cannot see the plot or wants to know exactly."""
    columns = [(f"{each.title if len(bad) > 1 else ''} before", each) for each in bad]
    columns += [(f"{each.title if len(fixed) > 1 else ''} after", each) for each in fixed]
    heads = "".join(f'<th scope="col">{_prose(head.strip())}</th>' for head, _ in columns)
    rows = zip_longest(*(series.values for _, series in columns))
    body = "".join(
        f'<tr><th scope="row">{number}</th>{"".join(_number(value) for value in row)}</tr>'
        for number, row in enumerate(rows, start=1)
    )
    return (
        f'<details><summary>Numbers<span class="unseen"> of {escape(title)}</span></summary>'
        f"<table><caption>{_prose(title)}</caption>"
        f'<thead><tr><th scope="col">{escape(x_label)}</th>{heads}</tr></thead><tbody>{body}</tbody></table></details>'
    )


def _number(value: float | None) -> str:
    return f'<td class="number">{"none" if value is None else f"{value:.6g}"}</td>'


def _prose(text: str) -> str:
    """Escape a text, and set what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # an odd backtick is no quotation
        return escape(text)
    return "".join(f"<code>{escape(part)}</code>" if odd % 2 else escape(part) for odd, part in enumerate(parts))
