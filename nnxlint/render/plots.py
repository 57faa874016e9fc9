"""Plots as SVG for a page: drawn by pygal, coloured by the page, named and described for who cannot see them."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from nnxlint.errors import NnxlintError
from nnxlint.verify.protocol import Series

_SIZE = {"width": 560, "height": 320}
_PLAIN: dict[str, object] = {"js": [], "css": [], "no_prefix": True, "margin": 10, "legend_at_bottom": True}
_BEFORE, _AFTER = "before the fix", "after the fix"
# A plot of single values, or one for each array, has no course to follow: bars, not a line.
_APART = "array"
_DRAWN_FROM_STREAMS = "draw"
# Colours, fonts and tooltips are the page's business; what pygal says of them goes.
_NOT_OURS = ("defs", "desc", "title")

Values = Sequence[float | None]


def plot(title: str, bad: Sequence[Series], fixed: Sequence[Series], name: str) -> str:
    """Draw what was seen of the bad and of the fixed program, one or two series each; `name` is an id of the page.

    Two series of draws are plotted one against the other; single values as bars; all else as lines over calls or
    steps. `NnxlintError` where the plotting library is not installed.
    """
    try:
        import pygal  # type: ignore[import-untyped]  # noqa: PLC0415 - only a report draws
    except ImportError as error:
        message = "a report needs pygal: install nnxlint with its extra `verify`"
        raise NnxlintError(message) from error
    first = (*bad, *fixed)[0]
    options: dict[str, object] = {
        **_SIZE,
        "js": [],
        "css": [],
        "no_prefix": True,
        "margin": 10,
        "legend_at_bottom": True,
    }
    options["value_formatter"] = "{:.3g}".format
    if is_scatter(bad, fixed):
        chart = pygal.XY(**options, stroke=False, x_title=first.title, y_title=bad[1].title)
        for label, pair in ((_BEFORE, bad), (_AFTER, fixed)):
            chart.add(label, list(zip(pair[0].values, pair[1].values, strict=False)))
    else:
        longest = max(len(each.values) for each in (*bad, *fixed))
        bars = longest == 1 or first.x_label == _APART
        options |= {"print_values": bars, "print_values_position": "top", "min_scale": 3, "max_scale": 7}
        chart = (pygal.Bar if bars else pygal.Line)(**options, x_title=first.x_label, y_title=first.y_label)
        chart.x_labels = [str(number) for number in range(1, longest + 1)] if longest > 1 else [""]
        for label, series in ((_BEFORE, bad), (_AFTER, fixed)):
            chart.add(label, list(series[0].values) if series else [])
    return _ours(chart.render_tree(), title, described(bad, fixed), name)


def is_scatter(bad: Sequence[Series], fixed: Sequence[Series]) -> bool:
    """Whether there are two series each to be plotted one against the other."""
    return all(len(each) > 1 and each[0].x_label == _DRAWN_FROM_STREAMS for each in (bad, fixed))


def described(bad: Sequence[Series], fixed: Sequence[Series]) -> str:
    """Say in words what the plot shows."""
    if is_scatter(bad, fixed):
        return f"{bad[0].title} against {bad[1].title}: before the fix, {_alike(bad)}; after it, {_alike(fixed)}."
    sides = ((_BEFORE, bad), (_AFTER, fixed))
    told = [f"{label}: {_course(each[0].values) if each else 'nothing'}" for label, each in sides]
    first = (*bad, *fixed)[0]
    return f"{first.y_label.capitalize()} by {first.x_label}; {'; '.join(told)}."


def _alike(pair: Sequence[Series]) -> str:
    values = list(zip(pair[0].values, pair[1].values, strict=False))
    same = sum(one == other for one, other in values)
    return f"{same} of {len(values)} draws are the same in both"


def _course(values: Values) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "no finite number"
    if len(known) == 1 or min(known) == max(known):
        return f"{known[0]:.4g}" + (" each time" if len(known) > 1 else "")
    return f"from {known[0]:.4g} to {known[-1]:.4g}, between {min(known):.4g} and {max(known):.4g}"


def _ours(root: ET.Element, title: str, description: str, name: str) -> str:
    """The drawing without pygal's colours and scripts, with a name, a description and a role."""
    for parent in list(root.iter()):
        for child in [each for each in parent if not isinstance(each.tag, str) or each.tag in _NOT_OURS]:
            parent.remove(child)
    for number, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(number, element)
    root.attrib.pop("id", None)
    root.attrib |= {"role": "img", "aria-labelledby": f"{name}-title", "aria-describedby": f"{name}-desc"}
    return ET.tostring(root, encoding="unicode")
