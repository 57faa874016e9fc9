"""Builtins and the standard library, as far as values flow through them."""

from collections.abc import Callable, Mapping

from nnxlint.semantic.flow import attributes
from nnxlint.semantic.flow.iteration import element, elements
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.heap import join_optional
from nnxlint.semantic.library import streams
from nnxlint.semantic.library.copies import copy_graph
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    ARRAY,
    NONE,
    UNKNOWN,
    Array,
    ClassRef,
    Const,
    Dictionary,
    External,
    Instance,
    Items,
    Literal,
    Partial,
    Place,
    Ref,
    Sequence,
    Super,
    Taint,
    Transformed,
    Tuple,
    Unknown,
    Value,
    all_taints,
    join,
    members,
    taints_of,
    union,
)

_MAX_RANGE = 8


def call_builtin(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value | None:
    """A builtin or a function of the standard library; `None` when nothing is known of it."""
    handler = _HANDLERS.get(name)
    return handler(machine, frame, arguments, place) if handler is not None else None


def _super(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    scope: Frame | None = frame
    while scope is not None and (scope.decl is None or scope.decl.owner is None):
        scope = scope.closure
    if scope is None or scope.instance is None or scope.decl is None or scope.decl.owner is None:
        return UNKNOWN
    explicit = arguments.positional[0] if arguments.positional else None
    return Super(scope.instance, explicit.decl if isinstance(explicit, ClassRef) else scope.decl.owner)


def _range(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    numbers = [
        value.value for value in arguments.positional if isinstance(value, Const) and isinstance(value.value, int)
    ]
    if len(numbers) == len(arguments.positional) == 1 and 0 < numbers[0] <= _MAX_RANGE:
        return Items(ARRAY)
    return Items(ARRAY)


def _zip(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    parts = [elements(machine, value) for value in arguments.positional]
    if parts and all(rest is None for _, rest in parts):
        return Tuple(tuple(Tuple(row) for row in zip(*(items for items, _ in parts), strict=False)))
    return Items(Tuple(tuple(element(machine, value) for value in arguments.positional)))


def _enumerate(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if not arguments.positional:
        return UNKNOWN
    items, rest = elements(machine, arguments.positional[0])
    if rest is None:
        return Tuple(tuple(Tuple((Const(position), item)) for position, item in enumerate(items)))
    return Items(Tuple((ARRAY, element(machine, arguments.positional[0]))))


def _list(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    items, rest = elements(machine, arguments.positional[0]) if arguments.positional else ((), None)
    return machine.allocate(frame, place.node, Sequence(items, rest, place))


def _tuple(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    items, rest = elements(machine, arguments.positional[0]) if arguments.positional else ((), None)
    return Tuple(items) if rest is None else Items(union((*items, rest)))


def _dict(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    first = machine.dictionary(arguments.positional[0]) if arguments.positional else None
    items: dict[Literal, Value] = {**(first.items if first is not None else {}), **arguments.by_key()}
    rest = first.rest if first is not None else (UNKNOWN if arguments.positional else None)
    return machine.allocate(frame, place.node, Dictionary(items, join_optional(rest, arguments.more_keywords), place))


def _fromkeys(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    keys, rest = elements(machine, arguments.positional[0]) if arguments.positional else ((), UNKNOWN)
    value = arguments.positional[1] if len(arguments.positional) > 1 else NONE
    items = {key.value: value for key in keys if isinstance(key, Const)}
    unsure = rest is not None or len(items) != len(keys)
    return machine.allocate(frame, place.node, Dictionary(items, value if unsure else None, place))


def _getattr(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if len(arguments.positional) < 2:  # noqa: PLR2004 - getattr(object, name)
        return UNKNOWN
    owner, name = arguments.positional[:2]
    if isinstance(name, Const) and isinstance(name.value, str):
        lacks = [streams.holds(machine, owner, stream) is False for stream in (name.value, "default")]
        if all(lacks) and len(arguments.positional) > 2:  # noqa: PLR2004
            return arguments.positional[2]
        found = attributes.load(machine, frame, owner, name.value, place)
        defaults = arguments.positional[2:] if isinstance(found, Unknown) else ()
        return union((found, *defaults))
    return _any_variable(machine, owner)


def _any_variable(machine: Machine, owner: Value) -> Value:
    """`getattr(layer, name)` with a name that is not known: one of the object's attributes."""
    record = machine.instance(owner)
    if record is None:
        return Unknown(taints_of(owner))
    held = [value for value in record.attrs.values() if isinstance(value, Ref)]
    return union(held) if held else UNKNOWN


def _setattr(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if len(arguments.positional) == 3:  # noqa: PLR2004 - setattr(object, name, value)
        owner, name, value = arguments.positional
        if isinstance(name, Const) and isinstance(name.value, str):
            attributes.store(machine, frame, owner, name.value, value, place)
        else:
            _open(machine, owner, value)
    return NONE


def _open(machine: Machine, owner: Value, value: Value) -> None:
    """An attribute of unknown name: kept, so that what it holds stays reachable."""
    for member in members(owner):
        if isinstance(member, Ref) and machine.instance(member) is not None:
            record = machine.instance(member)
            held = record.attrs.get("*", None) if isinstance(record, Instance) else None
            machine.set_attribute(member.target, "*", value if held is None else join(held, value))


def _isinstance(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if len(arguments.positional) != 2:  # noqa: PLR2004 - isinstance(object, class)
        return UNKNOWN
    value, cls = arguments.positional
    options = cls.items if isinstance(cls, Tuple) else members(cls)
    record = machine.instance(value)
    if record is None or not all(isinstance(one, ClassRef | External) for one in options):
        return UNKNOWN
    ancestors = machine.ancestry(record.cls)
    found = any(
        one in ancestors or (isinstance(one, External) and machine.derives(record.cls, one.name)) for one in options
    )
    is_sure = found or not (machine.is_open(record.cls) or "open" in record.tags)
    return Const(found) if is_sure else UNKNOWN


def _hasattr(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    """Asking what there is, as code does that runs on several versions."""
    owner, name = (*arguments.positional, UNKNOWN, UNKNOWN)[:2]
    text = name.value if isinstance(name, Const) and isinstance(name.value, str) else ""
    held = streams.holds(machine, owner, text) or streams.holds(machine, owner, "default")
    if held is not None:
        return Const(held)
    return Unknown(frozenset({Taint("version")}), "asked for at run time")


def _type(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    record = machine.instance(arguments.positional[0]) if len(arguments.positional) == 1 else None
    return record.cls if record is not None and "open" not in record.tags else UNKNOWN


def _partial(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if not arguments.positional:
        return UNKNOWN
    return Partial(arguments.positional[0], arguments.positional[1:], tuple(arguments.keywords.items()))


def _map(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if len(arguments.positional) < 2:  # noqa: PLR2004 - map(function, iterable, ...)
        return UNKNOWN
    given = Arguments(tuple(element(machine, value) for value in arguments.positional[1:]))
    return Items(machine.call(machine, frame, arguments.positional[0], given, place))


def _first(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    return element(machine, arguments.positional[0]) if arguments.positional else UNKNOWN


def _same(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    return arguments.positional[0] if arguments.positional else UNKNOWN


def _number(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    return Array(all_taints(arguments.values()))


def _nothing(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    return NONE


def _reduce(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if len(arguments.positional) < 2:  # noqa: PLR2004 - reduce(function, iterable, start)
        return UNKNOWN
    item = element(machine, arguments.positional[1])
    start = arguments.positional[2] if len(arguments.positional) > 2 else item  # noqa: PLR2004
    return machine.call(machine, frame, arguments.positional[0], Arguments((start, item)), place)


def _replace(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    record = machine.instance(arguments.positional[0]) if arguments.positional else None
    if record is None:
        return UNKNOWN
    made = Instance(record.cls, {**record.attrs, **arguments.keywords}, record.place, record.tags)
    return machine.allocate(frame, place.node, made)


def _deepcopy(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    if not arguments.positional:
        return UNKNOWN
    return copy_graph(machine, frame, arguments.positional[0], place, tag="clone", variables=True)


def _context_manager(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    return Transformed("contextlib.contextmanager", _same(machine, frame, arguments, place), (), place)


def _property(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    return UNKNOWN


_HANDLERS: Mapping[str, Callable[[Machine, Frame, Arguments, Place], Value]] = {
    "builtins.super": _super,
    "builtins.range": _range,
    "builtins.zip": _zip,
    "builtins.enumerate": _enumerate,
    "builtins.list": _list,
    "builtins.set": _list,
    "builtins.sorted": _list,
    "builtins.reversed": _list,
    "builtins.tuple": _tuple,
    "builtins.dict": _dict,
    "builtins.dict.fromkeys": _fromkeys,
    "collections.OrderedDict": _dict,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.isinstance": _isinstance,
    "builtins.type": _type,
    "builtins.hasattr": _hasattr,
    "inspect.signature": _hasattr,
    "importlib.metadata.version": _hasattr,
    "builtins.map": _map,
    "builtins.next": _first,
    "builtins.iter": _same,
    "builtins.print": _nothing,
    "builtins.property": _property,
    "functools.partial": _partial,
    "functools.partialmethod": _partial,
    "functools.reduce": _reduce,
    "functools.wraps": lambda machine, frame, arguments, place: Partial(External("nnxlint.identity")),
    "nnxlint.identity": _same,
    "functools.lru_cache": _same,
    "functools.cache": _same,
    "functools.update_wrapper": _same,
    "contextlib.contextmanager": _context_manager,
    "contextlib.asynccontextmanager": _context_manager,
    "typing.cast": lambda machine, frame, arguments, place: arguments.get(1, "val") or UNKNOWN,
    "dataclasses.replace": _replace,
    "copy.deepcopy": _deepcopy,
    "copy.copy": _deepcopy,
    "itertools.chain": lambda machine, frame, arguments, place: Items(
        union(element(machine, value) for value in arguments.positional) if arguments.positional else UNKNOWN
    ),
    "itertools.islice": lambda machine, frame, arguments, place: Items(_first(machine, frame, arguments, place)),
    "itertools.cycle": lambda machine, frame, arguments, place: Items(_first(machine, frame, arguments, place)),
    "itertools.count": lambda machine, frame, arguments, place: Items(ARRAY),
    "itertools.zip_longest": _zip,
    "tqdm.tqdm": _same,
    "tqdm.auto.tqdm": _same,
    "tqdm.trange": lambda machine, frame, arguments, place: Items(ARRAY),
    "tqdm.auto.trange": lambda machine, frame, arguments, place: Items(ARRAY),
    "rich.progress.track": _same,
    **{
        f"builtins.{name}": _number
        for name in """abs bool bytes complex divmod float format hash hex id int len max min pow repr round str sum
        any all""".split()
    },
}
