"""What a function must be given to be called: for each parameter an object, arrays, or an expression."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nnxlint.semantic.observe import Entered
from nnxlint.semantic.values import (
    NONE,
    Array,
    ClassRef,
    Const,
    Dictionary,
    External,
    GraphDef,
    Instance,
    Items,
    Record,
    Ref,
    Tree,
    Tuple,
    Union,
    Unknown,
    Value,
)
from nnxlint.semantic.values import Sequence as SequenceRecord
from nnxlint.verify.entries.around import Around
from nnxlint.verify.entries.batches import Data, data_of
from nnxlint.verify.entries.inventing import OPTIMIZER, RNGS, folder_for, has_default, invented
from nnxlint.verify.entries.known import Known
from nnxlint.verify.entries.quoting import Quoter
from nnxlint.verify.entries.references import CannotMakeError, of_library

_NUMBERS = frozenset({"builtins.int", "builtins.float", "builtins.bool", "builtins.str"})
_METRICS = "flax.nnx.metrics."


@dataclass(frozen=True, slots=True)
class Made:
    """An object that a function of the driver makes, once for all calls; `of`: the object that it is about.

    `cls`: the class of the project that it is of, where it is an NNX module.
    """

    name: str
    code: str
    cls: ClassRef | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Arrays:
    """Arrays whose shapes are still to be found."""

    name: str
    data: Data


@dataclass(frozen=True, slots=True)
class Plain:
    """An expression that is evaluated anew for every call."""

    name: str
    code: str


Ingredient = Made | Arrays | Plain


@dataclass(frozen=True, slots=True)
class Order:
    """What the parameters of an entry get; positional-only ones are named in `positional`."""

    entry: Around
    receiver: Made | None
    ingredients: tuple[Ingredient, ...]
    positional: frozenset[str] = frozenset()


def ordered(known: Known, quoter: Quoter, entry: Around, given: Mapping[str, Arrays | Plain] | None = None) -> Order:
    """What a function must be given; `CannotMakeError` where something can be neither found nor made up.

    `given`: what is decided already, by parameter.
    """
    if entry.owner is not None and entry.decl.name in ("__init__", "__post_init__", "setup"):
        return _constructed(known, quoter, entry)
    run = next(iter(known.runs_of(entry.decl)), None)
    quoter = replace(quoter, records=run.records if run is not None else {})
    receiver = _receiver(known, quoter, entry, run)
    return _filled(_Asking(known, quoter, entry, run, given or {}), receiver)


def _constructed(known: Known, quoter: Quoter, entry: Around) -> Order:
    """For a constructor: the object is built, and then called where it can be."""
    run = next(iter(known.runs_of(entry.decl)), None)
    cls = (known.class_of(run) if run is not None else None) or _own_class(known, entry)
    target = run.bound.target if run is not None and isinstance(run.bound, Ref) else None
    quoter = replace(quoter, records=run.records if run is not None else {})
    receiver = Made("built", quoter.built(cls, target), _module_class(known, cls))
    method = known.method(cls, "__call__")
    if method is None or receiver.cls is None:
        return Order(entry, receiver, ())
    return _called(known, quoter, method, cls, receiver)


def _filled(asking: "_Asking", receiver: Made | None) -> Order:
    entry = asking.entry
    skip = 1 if entry.owner is not None and "staticmethod" not in entry.decorators else 0
    found = [asking.ingredient(each) for each in entry.decl.parameters[skip:]]
    ingredients = _about(tuple(each for each in found if each is not None), receiver)
    return Order(entry, receiver, ingredients, frozenset(each.arg for each in entry.decl.node.args.posonlyargs))


def forward_order(known: Known, quoter: Quoter, module: Made) -> Order:
    """What the call of a module that an order makes must be given; `CannotMakeError` where it cannot be called."""
    method = known.method(module.cls, "__call__") if module.cls is not None else None
    if method is None or module.cls is None:
        message = f"`{module.name}` has no `__call__` of the project"
        raise CannotMakeError(message)
    return _called(known, quoter, method, module.cls, module)


def _called(known: Known, quoter: Quoter, method: Around, cls: ClassRef, receiver: Made) -> Order:
    run = next((one for one in known.runs_of(method.decl) if _same(known.class_of(one), cls)), None)
    return _filled(_Asking(known, replace(quoter, records=run.records if run else {}), method, run), receiver)


@dataclass(frozen=True, slots=True)
class _Asking:
    known: Known
    quoter: Quoter
    entry: Around
    run: Entered | None
    given: Mapping[str, Arrays | Plain] = field(default_factory=dict)

    @property
    def records(self) -> Mapping[int, Record]:
        """What the run's references stand for."""
        return self.quoter.records

    def ingredient(self, parameter: ast.arg) -> Ingredient | None:
        """What one parameter is given; None where it is better left to its default."""
        decl, name = self.entry.decl, parameter.arg
        if name in self.given:
            return self.given[name]
        value = self.run.values.get(name, Unknown()) if self.run is not None else Unknown()
        annotated = self.quoter.annotated(decl, parameter)
        made = self._object(name, value, annotated)
        if made is not None:
            return made
        optional = has_default(decl, name)
        plain = self._plain(parameter, value, annotated, optional=optional)
        if plain is not None:
            return plain
        if optional and not isinstance(value, Array | Items):
            return None
        return Arrays(name, data_of(self.known, decl, name, value, self.records))

    def _object(self, name: str, value: Value, annotated: Value | None) -> Made | None:
        """An object with state: a module, an optimizer, streams, a metric, or what holds such."""
        if isinstance(value, Union):
            value = next((each for each in value.members if isinstance(each, Ref)), value)
        record = self.records.get(value.target) if isinstance(value, Ref) else None
        cls = record.cls if isinstance(record, Instance) else annotated
        if not isinstance(cls, ClassRef | External):
            return self._split(name, value)
        if self.known.is_optimizer(cls):
            return self._optimizer(name, cls, value, record if isinstance(record, Instance) else None)
        if cls == External("flax.nnx.Rngs") or (cls == External("jax.Array") and name == "rngs"):
            return Made(name, RNGS)
        if isinstance(cls, ClassRef):
            target = value.target if isinstance(value, Ref) else None
            return Made(name, self.quoter.built(cls, target), _module_class(self.known, cls))
        if isinstance(record, Instance) and self.known.is_module(cls):
            return Made(name, self.quoter.quoted(value))
        if cls == External("flax.nnx.Module"):
            return self._any_module(name)
        is_metric = isinstance(cls, External) and cls.name.startswith(_METRICS)
        return Made(name, self.quoter.quoted(value)) if is_metric and record is not None else None

    def _optimizer(self, name: str, cls: ClassRef | External, value: Value, record: Instance | None) -> Made:
        if isinstance(cls, ClassRef):
            inner = replace(self.quoter, module="model")
            return Made(name, inner.built(cls, value.target if isinstance(value, Ref) else None), of="model")
        transformation = self.quoter.transformation(record) if record is not None else ""
        made = of_library(cls.name)
        return Made(name, f"_nnxlint.optimizer({made}, model, lambda: {transformation or OPTIMIZER})", of="model")

    def _any_module(self, name: str) -> Made:
        """A module of the class that other runs, or else the project, would give."""
        for run in self.known.runs_of(self.entry.decl):
            record = run.records.get(getattr(run.values.get(name), "target", -1))
            if isinstance(record, Instance) and isinstance(record.cls, ClassRef):
                inner = replace(self.quoter, records=run.records)
                return Made(name, inner.built(record.cls, getattr(run.values[name], "target", None)), record.cls)
        message = f"nothing says which module the parameter `{name}` of `{self.entry.name}` is"
        raise CannotMakeError(message)

    def _split(self, name: str, value: Value) -> Made | None:
        """The halves of a module that was split."""
        root = value.root if isinstance(value, GraphDef | Tree) else -1
        record = self.known.machine.heap.records.get(root)
        if not isinstance(record, Instance) or not isinstance(record.cls, ClassRef):
            return None
        number = 0 if isinstance(value, GraphDef) else 1
        built = self.quoter.built(record.cls, root)
        return Made(name, f"{of_library('flax.nnx.split')}({built})[{number}]")

    def _plain(self, parameter: ast.arg, value: Value, annotated: Value | None, *, optional: bool) -> Plain | None:
        decl, name = self.entry.decl, parameter.arg
        folder = folder_for(name, annotated) if not isinstance(value, Const) else None
        if folder is not None:
            return Plain(name, folder)
        if isinstance(annotated, External) and annotated.name in _NUMBERS and isinstance(value, Array | Unknown):
            return None if optional else Plain(name, invented(decl, parameter, annotated))
        if optional and value == NONE:
            return None
        holds_data = isinstance(value, Array | Unknown | Items) or self._is_data(value)
        if holds_data or (isinstance(value, Union) and any(isinstance(one, Array) for one in value.members)):
            return None
        code = self.quoter.argument(decl, parameter, value)
        return None if code is None else Plain(name, code)

    def _is_data(self, value: Value) -> bool:
        """Whether a container holds arrays, or what is not known."""
        if isinstance(value, Tuple):
            return any(isinstance(item, Array | Unknown) or self._is_data(item) for item in value.items)
        record = self.records.get(value.target) if isinstance(value, Ref) else None
        if isinstance(record, Dictionary):
            return any(isinstance(item, Array | Unknown) for item in (*record.items.values(), record.rest))
        if isinstance(record, SequenceRecord):
            return any(isinstance(item, Array | Unknown) for item in (*record.items, record.rest))
        return False


def _receiver(known: Known, quoter: Quoter, entry: Around, run: Entered | None) -> Made | None:
    if entry.owner is None or not entry.decorators.isdisjoint({"classmethod", "staticmethod"}):
        return None
    cls = (known.class_of(run) if run is not None else None) or _own_class(known, entry)
    target = run.bound.target if run is not None and isinstance(run.bound, Ref) else None
    return Made("receiver", quoter.built(cls, target), _module_class(known, cls))


def _module_class(known: Known, cls: ClassRef) -> ClassRef | None:
    return cls if known.is_module(cls) else None


def _own_class(known: Known, entry: Around) -> ClassRef:
    if entry.owner is None:
        message = f"`{entry.name}` belongs to no class"
        raise CannotMakeError(message)
    return ClassRef(entry.owner, known.machine.modules.get(entry.path))


def _same(found: ClassRef | None, cls: ClassRef) -> bool:
    return found is not None and found.decl is cls.decl


def _about(ingredients: tuple[Ingredient, ...], receiver: Made | None) -> tuple[Ingredient, ...]:
    """Optimizers train the module that is handed over with them."""
    objects = [each for each in (*ingredients, receiver) if isinstance(each, Made)]
    module = next((each.name for each in objects if each.cls is not None), None)
    fitted: list[Ingredient] = []
    for each in ingredients:
        if isinstance(each, Made) and each.of is not None:
            if module is None:
                message = f"nothing says which module the optimizer `{each.name}` trains"
                raise CannotMakeError(message)
            fitted.append(replace(each, of=module))
        else:
            fitted.append(each)
    return tuple(fitted)
