"""Describe the flax.nnx of the running interpreter as JSON on standard output.

Depends on Flax and the standard library alone, because it runs inside the environment of each Flax version
that nnxlint knows. `generate_flax_api.py` starts it and keeps what it says.
"""

import functools
import importlib
import importlib.util
import inspect
import json
import pkgutil
import sys
import types
import warnings
from collections.abc import Callable, Iterator

import flax
from flax import nnx
from probe_layers import defined_in, probe_layer

ROOT = "flax.nnx"
SKIPPED_PACKAGES = ("examples", "scripts", "tests")
LITERALS = (type(None), bool, int, float, str, type(...))

Signature = list[list[object]]
Table = dict[str, object]


def describe_flax() -> Table:
    """The whole table: what can be imported from `flax.nnx`, under which names, and how it behaves."""
    modules = _import_all()
    paths = _shortest_paths(modules)
    exports = dict(_exports(paths))
    names = _canonical_names(exports)
    aliases = {dotted: names[id(target)] for dotted, target in exports.items() if names[id(target)] != dotted}
    aliases |= _module_aliases(paths)
    canonical = {name: target for name, target in exports.items() if names[id(target)] == name}
    classes = {
        name: _describe_class(target, names)
        for name, target in canonical.items()
        if isinstance(target, type) and _is_public_class(target, names)
    }
    functions = {
        name: _signature(target) for name, target in canonical.items() if callable(target) and _is_function(target)
    }
    return {
        "aliases": aliases,
        "classes": classes,
        "functions": functions,
        "modules": sorted({path for path, _ in paths}),
        "values": sorted(canonical.keys() - classes.keys() - functions.keys()),
        "version": flax.__version__,
    }


def _import_all() -> dict[str, types.ModuleType]:
    modules = {ROOT: nnx}
    for info in pkgutil.walk_packages(nnx.__path__, f"{ROOT}.", onerror=lambda _: None):
        parts = info.name.split(".")
        if parts[-1].endswith("_test") or not set(SKIPPED_PACKAGES).isdisjoint(parts):
            continue
        modules[info.name] = importlib.import_module(info.name)
    return modules


def _shortest_paths(modules: dict[str, types.ModuleType]) -> list[tuple[str, types.ModuleType]]:
    """Name modules as people reach them: `flax.nnx.metrics`, although that is `flax.nnx.training.metrics`."""
    ours = {id(module) for module in modules.values()}
    found = {id(nnx): (ROOT, nnx)}
    level = [(ROOT, nnx)]
    while level:
        children = [
            (f"{path}.{name}", getattr(module, name)) for path, module in level for name in _public_names(module)
        ]
        # Of paths of equal length the real one is the better name.
        children.sort(key=lambda child: child[0] != getattr(child[1], "__name__", None))
        level = []
        for path, child in children:
            if id(child) in ours and id(child) not in found:
                found[id(child)] = (path, child)
                level.append((path, child))
    return list(found.values())


def _module_aliases(paths: list[tuple[str, types.ModuleType]]) -> dict[str, str]:
    by_id = {id(module): path for path, module in paths}
    aliases = {
        f"{path}.{name}": by_id[id(getattr(module, name))]
        for path, module in paths
        for name in _public_names(module)
        if id(getattr(module, name)) in by_id
    }
    # The name of the package before it left `flax.experimental`; all versions in our range still accept it.
    if importlib.util.find_spec("flax.experimental.nnx") is not None:
        aliases["flax.experimental.nnx"] = ROOT
    return {dotted: target for dotted, target in aliases.items() if dotted != target}


def _exports(paths: list[tuple[str, types.ModuleType]]) -> Iterator[tuple[str, object]]:
    for path, module in paths:
        for name in _public_names(module):
            target = _without_partial(getattr(module, name))
            if isinstance(target, types.ModuleType):
                continue
            if path == ROOT or _belongs_to_nnx(target):
                yield f"{path}.{name}", target


def _public_names(module: types.ModuleType) -> list[str]:
    return sorted(name for name in {*dir(module), *_lazy_names(module)} if not name.startswith("_"))


def _lazy_names(module: types.ModuleType) -> Iterator[str]:
    """Names that only the module's `__getattr__` knows, such as `VariableState` of Flax 0.12."""
    hook = vars(module).get("__getattr__")
    constants = hook.__code__.co_consts if isinstance(hook, types.FunctionType) else ()
    for name in constants:
        if isinstance(name, str) and name.isidentifier() and hasattr(module, name):
            yield name


def _without_partial(target: object) -> object:
    """`flax.nnx.compat.split` is `flax.nnx.split` with another default: to a linter, the same function."""
    while isinstance(target, functools.partial):
        target = target.func
    return target


def _belongs_to_nnx(target: object) -> bool:
    if not isinstance(target, type) and not _is_function(target):
        return False
    home = getattr(target, "__module__", None) or ""
    # Flax re-exports initializers and activations of JAX, which are functions in all versions.
    return home.startswith(ROOT) or (home.startswith("jax.") and not isinstance(target, type))


def _is_public_class(cls: type, names: dict[int, str]) -> bool:
    """Whether users meet the class: it, or one of its bases, is in `flax.nnx` itself.

    Of the machinery in submodules (node definitions, printers, wrappers of transforms) the name is enough.
    """
    known = (names[id(base)] for base in cls.__mro__ if id(base) in names)
    return any(name.count(".") == ROOT.count(".") + 1 for name in known)


def _is_function(target: object) -> bool:
    if isinstance(target, type) or not callable(target) or type(target).__module__ in ("typing", "types"):
        return False
    return inspect.isroutine(target) or hasattr(target, "__wrapped__")


def _canonical_names(exports: dict[str, object]) -> dict[int, str]:
    best: dict[int, tuple[int, bool, str]] = {}
    for dotted, target in exports.items():
        own_name = getattr(target, "__name__", None) == dotted.rpartition(".")[2]
        rank = (dotted.count("."), not own_name, dotted)
        best[id(target)] = min(best.get(id(target), rank), rank)
    return {identity: dotted for identity, (_, _, dotted) in best.items()}


def _describe_class(cls: type, names: dict[int, str]) -> Table:
    described: Table = {
        "init": _init_signature(cls),
        "kind": _kind(cls),
        "methods": dict(_own_methods(cls, names)),
        "mro": [names[id(base)] for base in cls.__mro__ if id(base) in names],
    }
    if (call := defined_in(cls, "__call__")) is not None:
        described["call"] = _signature(call)[1:]
    if described["kind"] == "module":
        described |= probe_layer(cls)
    return described


def _kind(cls: type) -> str:
    if issubclass(cls, nnx.Module):
        return "module"
    return "variable" if issubclass(cls, nnx.Variable) else "other"


def _init_signature(cls: type) -> Signature:
    for name in ("__init__", "__new__"):
        constructor = getattr(cls, name)
        if constructor is not getattr(object, name):
            return _signature(constructor)[1:]
    return []


def _own_methods(cls: type, names: dict[int, str]) -> Iterator[tuple[str, Signature]]:
    """The public methods that the class does not share with the next described class above it."""
    bases = [base for base in cls.__mro__[1:] if id(base) in names]
    for name in dir(cls):
        member = inspect.getattr_static(cls, name)
        from_bases = (inspect.getattr_static(base, name, None) for base in bases)
        inherited = next((found for found in from_bases if found is not None), None)
        if name.startswith("_") or member is inherited:
            continue
        if isinstance(member, staticmethod):
            yield name, _signature(member.__func__)
        elif isinstance(member, classmethod):
            yield name, _signature(member.__func__)[1:]
        elif _is_function(member):
            yield name, _signature(member)[1:]


def _signature(function: Callable[..., object]) -> Signature:
    """What a caller may pass: the parameters of the innermost function, as its wrapper lets them through.

    `Optimizer.__init__` needs the inner view: its wrapper takes any `*args` and refuses its own default.
    `Optimizer.update` needs the outer one, which accepts by keyword what is positional-only inside.
    """
    try:
        inner = inspect.signature(function).parameters
        outer = inspect.signature(function, follow_wrapped=False).parameters
    except (TypeError, ValueError):
        return [["args", "var_positional", False], ["kwargs", "var_keyword", False]]
    return [_parameter(parameter, outer.get(parameter.name, parameter)) for parameter in inner.values()]


def _parameter(inner: inspect.Parameter, outer: inspect.Parameter) -> list[object]:
    kind = outer.kind if inner.kind is inspect.Parameter.POSITIONAL_ONLY else inner.kind
    variadic = inner.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = inner.default is inspect.Parameter.empty and not variadic
    described: list[object] = [inner.name, kind.name.lower(), required]
    if inner.default is not inspect.Parameter.empty and (text := _literal(inner.default)) is not None:
        described.append(text)
    return described


def _literal(value: object) -> str | None:
    if type(value) is tuple:
        parts = [_literal(part) for part in value]
        if None in parts:
            return None
        return "()" if not parts else f"({', '.join(str(part) for part in parts)}{',' * (len(parts) == 1)})"
    if type(value) not in LITERALS or repr(value) in ("inf", "-inf", "nan"):
        return None
    return "..." if value is ... else repr(value)


def render(table: object, indent: int = 0) -> str:
    """JSON with sorted keys and one entry a line: a plain diff then compares two versions."""
    if not isinstance(table, dict) or not table:
        return json.dumps(table, separators=(",", ":"))
    pad = " " * (indent + 1)
    entries = (f"{pad}{json.dumps(key)}: {render(table[key], indent + 1)}" for key in sorted(table))
    return "{\n" + ",\n".join(entries) + "\n" + " " * indent + "}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(render(describe_flax()) + "\n")
