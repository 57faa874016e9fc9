"""The state map in words: short ones for hints and trees, Markdown for the editor."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nnxlint.semantic.statemap.data import (
    Called,
    Change,
    ClassState,
    Count,
    Draw,
    Flag,
    Held,
    Kind,
    Location,
    Mode,
    Part,
    Totals,
)
from nnxlint.semantic.statemap.merging import totals_of

_MOST_LINES = 6
_LONG = 60
_MOST_PARTS = 30
Where = Callable[[Location], str]


def counted(totals: Totals) -> str:
    """`4 Params, 2 to 3 BatchStats`; where not all is known, that there may be more."""
    listed = [_count(count) for count in totals.variables]
    if not totals.complete:
        listed = [*listed, "maybe more"] if listed else ["state that is not known"]
    return ", ".join(listed) or "no Variables"


def _count(count: Count) -> str:
    plural = count.type if count.most == 1 or count.type.endswith("s") else f"{count.type}s"
    if count.least == count.most:
        return f"{count.least} {plural}"
    if count.most is None:
        return f"{count.least} or more {plural}" if count.least else f"any number of {plural}"
    return f"{count.least} to {count.most} {plural}" if count.least else f"up to {count.most} {plural}"


def short_name(name: str) -> str:
    """The last part of a dotted name; of Flax's own, as one writes it."""
    return f"nnx.{name.removeprefix('flax.nnx.')}" if name.startswith("flax.nnx.") else name.rpartition(".")[2]


def shape_of(held: Held) -> str:
    """`(8, ?) float32`, as far as it is known."""
    if held.shape is None:
        return held.dtype or ""
    axes = ", ".join("?" if axis is None else str(axis) for axis in held.shape)
    shape = f"({axes},)" if len(held.shape) == 1 else f"({axes})"
    return f"{shape} {held.dtype}" if held.dtype else shape


def brief(held: Held) -> str:
    """What is held, in a few words: `Param`, `Linear: 2 Params`, `list of 3 Block`."""
    inside = contents_of(held)
    return f"{held.type}: {inside}" if inside else kind_of(held)


def kind_of(held: Held) -> str:
    """What is held, by its class: `Param`, `Linear`, `list of 3 Block`, `stream dropout`."""
    if held.kind is Kind.STREAM:
        return f"stream {', '.join(held.streams)}"
    if held.kind in {Kind.LIST, Kind.DICT}:
        return f"{held.type.lower()} of {elements(held)}"
    return held.type


def contents_of(held: Held) -> str:
    """What a module or an `Rngs` holds in all: `2 Params`, `default, dropout`; empty of other things."""
    if held.kind is Kind.RNGS:
        return ", ".join(held.streams) or "streams that are not known"
    if held.kind is not Kind.MODULE:
        return ""
    totals = totals_of(held.parts)
    totals = totals if held.complete else replace(totals, complete=False)
    told = [counted(totals)] if totals.variables or not totals.complete or not totals.streams else []
    told += ["mapped"] if held.mapped else []
    return ", ".join((*told, *([f"stream {', '.join(totals.streams)}"] if totals.streams else [])))


def elements(held: Held) -> str:
    """`3 Linear, Dropout`: the elements of a list by their classes."""
    names: dict[str, int] = {}
    unknown = False
    for part in held.parts:
        name = " or ".join(one.type for one in part.held)
        names[name] = names.get(name, 0) + 1
        unknown = unknown or part.name == "*"
    listed = [f"{count} {name}" if count > 1 else name for name, count in names.items()]
    if len(", ".join(listed)) > _LONG:
        classes = {one.type for part in held.parts for one in part.held}
        listed = [f"{len(held.parts)} of {len(classes)} classes"]
    return f"{', '.join(listed)}{', of a length that is not known' if unknown else ''}"


def brief_part(part: Part) -> str:
    """What an attribute holds, in a few words."""
    text = " or ".join(dict.fromkeys(map(brief, part.held)))
    return f"{text}, or none" if part.optional else text


def mode_text(mode: Mode) -> str:
    """A mode in words; empty where there is nothing to say."""
    return {
        Mode.TRAINING: "training mode",
        Mode.EVALUATION: "evaluation mode",
        Mode.MIXED: "training and evaluation mode",
        Mode.UNKNOWN: "a mode that is not known",
        Mode.NONE: "",
    }[mode]


def flag_text(flag: Flag) -> str:
    """A flag: of which method, what it means, its default, and what goes by it."""
    default = f", default `{flag.default}`" if flag.default is not None else ""
    means = "training" if flag.asks_training else "evaluation"
    steers = f", steers {', '.join(f'`{one}`' for one in flag.steers)}" if flag.steers else ""
    return f"`{flag.name}` of `{flag.method}`: true in {means}{default}{steers}"


def draw_text(draw: Draw) -> str:
    """`dropout` in calls in training mode, by Dropout."""
    when = {"construction": "at construction"}.get(draw.when.value, f"in {draw.when.value}")
    return f"`{draw.stream}` {when}, by {', '.join(draw.by)}"


def change_text(change: Change, where: Where) -> str:
    """What changes, by what, in which function, where."""
    what = f"`{change.attribute}`" if change.attribute else {"optimizer": "Params"}.get(change.how, "all state")
    by = f" in `{change.by}`" if change.by else ""
    how = {"optimizer": "an optimizer", "assignment": "an assignment", "nnx.update": "`nnx.update`"}.get(change.how)
    how = how or (f"its layer {change.how}" if "mode" in change.how else f"`{change.how}`")
    return f"{what} by {how}{by} ({where(change.place)})"


def call_text(called: Called, where: Where) -> str:
    """Where it is called, and in which mode."""
    mode = mode_text(called.mode)
    method = "" if called.method == "__call__" else f"`{called.method}` "
    by = f"in `{called.by}` " if called.by else ""
    return f"{method}{by}({where(called.place)}){f', in {mode}' if mode else ''}"


def class_markdown(state: ClassState, where: Where, heading: str = "", parts: Sequence[Part] | None = None) -> str:
    """The state map of a class, or of one object of it that holds these parts."""
    held = state.parts if parts is None else parts
    totals = state.totals if parts is None else totals_of(parts)
    first = f"{heading or f'module class `{state.name}`'}: {counted(totals)}"
    streams = ", ".join(f"`{one}`" for one in totals.streams)
    lines = [f"{first}; streams {streams}" if streams else first]
    if not state.complete:
        lines.append("_Not everything that it holds is known._")
    lines.append(parts_table(held))
    lines += listed("Mode flags", [flag_text(one) for one in state.flags])
    lines += listed("Draws", [draw_text(one) for one in state.draws])
    lines += listed("Changed", [change_text(one, where) for one in state.changes])
    lines += listed("Called", [call_text(one, where) for one in state.calls])
    return "\n\n".join(line for line in lines if line)


def listed(title: str, texts: Sequence[str]) -> list[str]:
    """A title over lines, the first of them where there are many; nothing where there are none."""
    if not texts:
        return []
    more = len(texts) - _MOST_LINES
    lines = [f"- {text}" for text in texts[:_MOST_LINES]] + ([f"- and {more} more"] if more > 0 else [])
    return [f"**{title}**\n\n" + "\n".join(lines)]


def parts_table(parts: Sequence[Part]) -> str:
    """The attributes as a table."""
    if not parts:
        return ""
    rows = [f"| `{part.name}` | {_cell(part)} |" for part in parts[:_MOST_PARTS]]
    rows += [f"| … | {len(parts) - _MOST_PARTS} more |"] if len(parts) > _MOST_PARTS else []
    return "\n".join(("| attribute | holds |", "| --- | --- |", *rows))


def _cell(part: Part) -> str:
    shapes = [f"{brief(held)} {shape_of(held)}".strip() for held in part.held]
    text = " or ".join(dict.fromkeys(shapes))
    return f"{text}, or none" if part.optional else text
