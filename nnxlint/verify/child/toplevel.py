"""Which top-level statements of a main module are run: imports, definitions and constants, nothing that does work."""

import ast
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

# Calls that make a value or a definition and do nothing else, by the last part of the callee's name.
PURE_CALLS = frozenset(
    # types and plain values
    """namedtuple NamedTuple TypeVar ParamSpec TypeVarTuple NewType TypedDict Enum field
    int float bool str bytes complex tuple list dict set frozenset range len sorted zip enumerate min max sum abs round
    OrderedDict defaultdict MappingProxyType SimpleNamespace Path getLogger dtype finfo iinfo
    float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64
    """.split()
    # definitions made of definitions, and what only describes
    + """partial partialmethod wraps lru_cache cache jit grad value_and_grad vmap pmap scan remat checkpoint cond
    custom_jvp custom_vjp shard_map named_scope compose
    PartitionSpec P NamedSharding with_partitioning with_metadata DiffState StateAxes
    """.split()
    # arrays, keys and initialisers
    + """array asarray zeros ones full arange linspace eye tril triu key PRNGKey
    normal uniform truncated_normal constant variance_scaling lecun_normal lecun_uniform glorot_normal glorot_uniform
    xavier_normal xavier_uniform he_normal he_uniform kaiming_normal kaiming_uniform orthogonal zeros_init ones_init
    """.split()
    # optimizers are pairs of functions
    + """sgd adam adamw lion rmsprop adafactor lamb lars chain clip_by_global_norm clip multi_transform masked
    add_decayed_weights scale scale_by_adam scale_by_schedule cosine_decay_schedule warmup_cosine_decay_schedule
    exponential_decay linear_schedule constant_schedule piecewise_constant_schedule join_schedules set_to_zero
    """.split()
)
# Statements that complete a definition.
REGISTRATIONS = frozenset(
    """defvjp defjvp defjvps def_partition defvmap register_pytree_node register_pytree_node_class
    register_pytree_with_keys register_dataclass register_static""".split()
)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A top-level statement that was not run: its row, why, and the names that it would have bound."""

    row: int
    why: str
    names: frozenset[str]


def split(tree: ast.Module) -> tuple[tuple[ast.stmt, ...], tuple[Skipped, ...]]:
    """Split a module's statements into those that are run, in order, and those that are not."""
    types = frozenset(_data_types(tree.body))
    kept: list[ast.stmt] = []
    skipped: list[Skipped] = []
    missing: set[str] = set()
    for statement in tree.body:
        names = frozenset(bound_names(statement))
        if not _is_definition(statement, types):
            skipped.append(Skipped(statement.lineno, "it is no import, definition or constant", names))
            missing |= names
        elif why := why_not_run(statement, missing):
            skipped.append(Skipped(statement.lineno, why, names))
            missing |= names
        else:
            kept.append(statement)
            missing -= names
    return tuple(kept), tuple(skipped)


def why_not_run(statement: ast.stmt, missing: AbstractSet[str]) -> str:
    """Why a statement cannot be run where some names are missing; empty where it does not need them at once."""
    return "it uses what was not run" if _reads_now(statement) & missing else ""


def annotates_with(statement: ast.stmt, missing: AbstractSet[str]) -> bool:
    """Whether an annotation in a statement reads one of the missing names."""
    parts = (getattr(node, name, None) for node in ast.walk(statement) for name in ("annotation", "returns"))
    nodes = (node for part in parts if isinstance(part, ast.expr) for node in ast.walk(part))
    return any(isinstance(node, ast.Name) and node.id in missing for node in nodes)


def asks_for_main(test: ast.expr) -> bool:
    """Whether a test asks how the module is run."""
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds in its own scope."""
    if isinstance(statement, DEFINITIONS):
        yield statement.name
        return
    for node in _own_nodes(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def _data_types(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Classes of the module whose construction only stores its arguments."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            heads = [*statement.decorator_list, *statement.bases]
            if any(_last_name(head) in {"dataclass", "define", "frozen", "NamedTuple", "Enum"} for head in heads):
                yield statement.name


def _is_definition(statement: ast.stmt, types: frozenset[str]) -> bool:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.Expr(value):
            return isinstance(value, ast.Constant) or _registers(value, types)
        case ast.Assign(targets, value):
            return all(map(_is_plain_target, targets)) and _is_constant(value, types)
        case ast.AnnAssign(target, _, value):
            return _is_plain_target(target) and (value is None or _is_constant(value, types))
        case ast.AugAssign(ast.Name(), _, value):
            return _is_constant(value, types)
        case ast.If(test, body, orelse):
            parts = (*body, *orelse)
            return not asks_for_main(test) and _is_constant(test, types) and _all_definitions(parts, types)
        case ast.Try(body, handlers, orelse, finalbody):
            handled = [each for handler in handlers for each in handler.body]
            return _all_definitions((*body, *handled, *orelse, *finalbody), types)
        case _:
            return hasattr(ast, "TypeAlias") and isinstance(statement, ast.TypeAlias)


def _registers(value: ast.expr, types: frozenset[str]) -> bool:
    if not isinstance(value, ast.Call) or _last_name(value.func) not in REGISTRATIONS:
        return False
    return all(_is_constant(each, types) for each in (*value.args, *(keyword.value for keyword in value.keywords)))


def _all_definitions(statements: Iterable[ast.stmt], types: frozenset[str]) -> bool:
    return all(_is_definition(each, types) for each in statements)


def _is_plain_target(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple | ast.List):
        return all(map(_is_plain_target, target.elts))
    return isinstance(target, ast.Name)


def _is_constant(value: ast.expr, types: frozenset[str]) -> bool:
    """Whether evaluating this does nothing but make a value."""
    for node in _own_nodes(value):
        if isinstance(node, ast.Call) and (_last_name(node.func) not in PURE_CALLS | types):
            return False
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
    return True


def _reads_now(statement: ast.stmt) -> set[str]:
    """The names that running the statement reads, without those that only a later call reads."""
    nodes = _own_nodes(statement)
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what lies below it, without the bodies of functions."""
    yield node
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if name in {"annotation", "returns"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _own_nodes(child)


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Call(func):
            return _last_name(func)
        case ast.Subscript(value):
            return _last_name(value)
        case ast.Attribute(_, name) | ast.Name(name):
            return name
        case _:
            return ""
