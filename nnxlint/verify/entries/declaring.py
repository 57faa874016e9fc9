"""Cases that the settings declare, as entries: what they say is given, the rest is found as for any other entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nnxlint.cases import DeclaredCase, DeclaredCases, DeclaredInput, Named
from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.flow.modules import import_module, module_member
from nnxlint.semantic.values import ClassRef, Func, ModuleRef, Value
from nnxlint.verify.entries.around import Around, enclosing
from nnxlint.verify.entries.asking import Arrays, Made, Order, Plain, ordered
from nnxlint.verify.entries.batches import Data, Fields, Leaf
from nnxlint.verify.entries.inventing import RNGS
from nnxlint.verify.entries.known import Known
from nnxlint.verify.entries.quoting import Quoter
from nnxlint.verify.entries.references import CannotMakeError
from nnxlint.verify.protocol import ArraySpec


@dataclass(frozen=True, slots=True)
class Declared:
    """A case that is declared for what it reaches."""

    case: DeclaredCase
    entry: Around
    cls: ClassRef | None

    def runs(self, known: Known) -> tuple[FunctionDecl, ...]:
        """The functions that the case runs itself: the target, and for a class its constructor and the method."""
        init = known.constructor(self.cls) if self.cls is not None else None
        return (self.entry.decl,) if init is None else (self.entry.decl, init)


def declared_entries(known: Known, declared: DeclaredCases, main: str) -> tuple[Declared, ...]:
    """The declared cases whose targets there are, seen from the file `main`; others say nothing here."""
    found = (_declared(known, case, main) for case in declared.cases)
    return tuple(each for each in found if each is not None)


def functions_of(known: Known, declared: DeclaredCases) -> Iterator[Around]:
    """The public functions of the file of entries that the settings name."""
    facts = known.facts.get(declared.entries.as_posix()) if declared.entries is not None else None
    for decl in facts.functions.values() if facts is not None else ():
        found = enclosing(facts, decl) if facts is not None else None
        if found is not None and found.decl is decl and found.owner is None and not decl.name.startswith("_"):
            yield found


def reaches(known: Known, start: FunctionDecl, entries: Sequence[FunctionDecl]) -> bool:
    """Whether any of some functions calls a function, by whatever way."""
    waiting, seen = [start], {start}
    while waiting:
        decl = waiting.pop()
        if decl in entries:
            return True
        callers = [each.decl for each in known.callers(decl) if each.decl not in seen]
        seen.update(callers)
        waiting += callers
    return False


def declared_order(known: Known, quoter: Quoter, declared: Declared) -> tuple[Order, dict[str, ArraySpec]]:
    """What the target is given, and the shapes of its inputs; `CannotMakeError` where more would be needed."""
    case, entry = declared.case, declared.entry
    taken = [each.arg for each in entry.decl.parameters]
    unknown = [name for name in case.inputs if name.partition(".")[0] not in taken]
    if unknown:
        message = f"the case of {case.target} has the input `{unknown[0]}`, which `{entry.name}` does not take"
        raise CannotMakeError(message)
    given: dict[str, Arrays | Plain] = {name: Arrays(name, data) for name, data in _inputs(case.inputs).items()}
    if declared.cls is None:
        given |= {name: Plain(name, repr(value)) for name, value in case.arguments.items()}
    order = ordered(known, quoter, entry, given)
    if declared.cls is not None:
        built = Made("receiver", _built(known, quoter, declared.cls, case), declared.cls)
        order = replace(order, receiver=built)
    specs = {_leaf(name): ArraySpec(one.shape, one.dtype, one.below) for name, one in case.inputs.items()}
    return order, specs


def _declared(known: Known, case: DeclaredCase, main: str) -> Declared | None:
    target = _meaning(known, case.target, main)
    if isinstance(target, Func):
        facts = known.facts[target.decl.path]
        found = enclosing(facts, target.decl)
        return Declared(case, found, None) if found is not None else None
    if not isinstance(target, ClassRef):
        return None
    method = known.method(target, case.method)
    return Declared(case, method, target) if method is not None else None


def _meaning(known: Known, named: Named, main: str) -> Value | None:
    module = import_module(known.machine, main, named.module)
    if not isinstance(module, ModuleRef):
        return None
    owner, _, method = named.name.partition(".")
    known.machine.steps = 0
    value = module_member(known.machine, module.path, owner)
    inner = getattr(value, "function", None)
    value = inner if isinstance(inner, Func) else value
    if method and isinstance(value, ClassRef):
        found = known.method(value, method)
        return Func(found.decl) if found is not None else None
    return value


def _built(known: Known, quoter: Quoter, cls: ClassRef, case: DeclaredCase) -> str:
    init = known.constructor(cls)
    arguments = [f"{name}={value!r}" for name, value in case.arguments.items()]
    if init is not None and "rngs" not in case.arguments and any(each.arg == "rngs" for each in init.parameters):
        arguments.append(f"rngs={RNGS}")
    return f"{quoter.quoted(cls)}({', '.join(arguments)})"


def _inputs(inputs: Mapping[str, DeclaredInput]) -> dict[str, Data]:
    """The data of each parameter: one array, or for names with a dot, a dict of arrays."""
    made: dict[str, Data] = {}
    for name in inputs:
        parameter, _, key = name.partition(".")
        held = made.get(parameter)
        if key:
            made[parameter] = Fields({**(held.parts if isinstance(held, Fields) else {}), key: Leaf(key)})
        else:
            made[parameter] = Leaf(name)
    return made


def _leaf(name: str) -> str:
    return name.replace(".", "_")
