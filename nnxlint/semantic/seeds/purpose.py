"""What equal seeds are for, by names and use: copies that shall start alike, comparisons, sweeps."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from nnxlint.semantic.facts import ModuleFacts
from nnxlint.semantic.observe import RngsMade
from nnxlint.semantic.seeds.loops import Loop
from nnxlint.semantic.seeds.region import function_around
from nnxlint.semantic.vocabulary import words

# One that shall start as another one, or whose first values are thrown away.
_REPLACED = frozenset(
    """target targets tgt targ ema teacher frozen copy copied clone cloned backup anchor shadow swa
    polyak lagged momentum averaged pretrained loaded restored restore template skeleton abstract dummy""".split()
)
# Of two, they tell which one is held against the other.
_ROLES = _REPLACED | frozenset(
    """online student old new prev previous ref reference slow fast average avg baseline original
    orig expected actual scratch fresh torch linen flax sgd adam adamw rmsprop lion
    muon vanilla control variant treatment jit jitted eager plain naive optimized optimised quantized
    quantised fp32 fp16 bf16 float32 bfloat16 lora small large big tiny base before after trained
    untrained""".split()
)
_COMPARISONS = frozenset(
    """test tests testing compare compares comparison comparing ablation ablate benchmark bench parity
    equivalence equivalent""".split()
)
_CHECKS = _COMPARISONS | frozenset(
    """equal equals same sweep versus vs verify check checks determinism deterministic reproducible
    reproducibility repro match matches""".split()
)
_COMPARING = frozenset(
    """allclose assert_allclose array_equal assert_array_equal assert_array_almost_equal
    assert_trees_all_close assert_trees_all_equal assert_almost_equal""".split()
)
_ENSEMBLES = frozenset(
    """ensemble ensembles member members expert experts critic critics head heads layer layers block
    blocks""".split()
)
_ALIKE = re.compile(
    r"\b(compar\w*|fair(ly)?|reproduc\w*|start alike|"
    r"(same|identical|equal) (start\w*|init\w*|weights?|param\w*))\b"
)
_PARTS = frozenset("state split graphdef to_pure_dict display tabulate print".split())
_COMMENT_ROWS = 3
_ROUNDS = frozenset({"range"})
_BOUNDARIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def is_replaced(facts: ModuleFacts, node: ast.AST) -> bool:
    """Whether a module's name, or a comment, says that it shall start as another one or be overwritten."""
    named = any(words(name) & _REPLACED for name in names_around(facts, node))
    return named or _is_taken_apart(facts, node) or _is_said(facts, node)


def _is_taken_apart(facts: ModuleFacts, node: ast.AST) -> bool:
    """Whether only the state or the look of a module is wanted: `nnx.state(Model(…))`."""
    return _called(facts.tree.ancestors(node)[-1]) in _PARTS


def _is_said(facts: ModuleFacts, node: ast.AST) -> bool:
    """Whether a comment just above the statement says that modules shall start alike."""
    tree = facts.tree
    row = tree.source.lines.position(tree.span(_statement(facts, node)).start).row
    for above in range(row - 1, max(row - 1 - _COMMENT_ROWS, 0), -1):
        span = tree.source.lines.line_span(above)
        line = tree.source.text[span.start : span.end].strip()
        if not line.startswith("#"):
            return False
        if _ALIKE.search(line.lower()):
            return True
    return False


def are_separate(facts: ModuleFacts, one: ast.AST, other: ast.AST, *, are_layers: bool) -> bool:
    """Whether the names of two modules tell them apart, or the second takes the first one's place."""
    mine, theirs = set(names_around(facts, one)), set(names_around(facts, other))
    if mine and mine == theirs:
        return not _in_container(facts, one, other)
    return not are_layers and bool((_words(mine) ^ _words(theirs)) & _ROLES)


def _words(names: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(words(name) for name in names))


def _in_container(facts: ModuleFacts, one: ast.AST, other: ast.AST) -> bool:
    """Whether both stand in one statement, or are stored under keys and indices."""
    statements = [_statement(facts, node) for node in (one, other)]
    if statements[0] is statements[1]:
        return True
    targets = [target for statement in statements for target in getattr(statement, "targets", [])]
    return any(isinstance(node, ast.Subscript) for target in targets for node in ast.walk(target))


def _statement(facts: ModuleFacts, node: ast.AST) -> ast.AST:
    return next(outer for outer in reversed(facts.tree.ancestors(node)) if isinstance(outer, ast.stmt))


def names_around(facts: ModuleFacts, node: ast.AST) -> Iterator[str]:
    """The names that an expression's value gets: of variables, attributes, keys and parameters."""
    inner = node
    for outer in reversed(facts.tree.ancestors(node)):
        if isinstance(outer, _BOUNDARIES):
            return
        match outer:
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Dict(keys=keys, values=values):
                yield from (_text(key) for key, value in zip(keys, values, strict=True) if value is inner)
            case ast.Assign(targets=targets):
                yield from (name for target in targets for name in _target_names(target))
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                yield from _target_names(target)
        inner = outer


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _target_names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_test(facts: ModuleFacts) -> bool:
    """Whether a file holds tests: their seeds only have to be the same each time."""
    file = PurePosixPath(facts.path)
    return bool(words(file.stem) & {"test", "tests", "conftest"}) or file.parent.name in {
        "tests",
        "test",
        "testing",
    }


def is_comparison(facts: ModuleFacts, made: RngsMade) -> bool:
    """Whether a function compares what it builds, so that equal seeds are wanted."""
    decl = made.function
    names = [
        PurePosixPath(facts.path).stem,
        decl.owner.name if decl is not None and decl.owner is not None else "",
    ]
    if is_test(facts) or _words(names) & _COMPARISONS:
        return True
    if decl is not None and (words(decl.name) & _CHECKS or _ALIKE.search(_docstring(decl.node).lower())):
        return True
    return any(_called(node) in _COMPARING for node in _own_nodes(function_around(facts, made.place.node)))


def _docstring(node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ast.get_docstring(node) or ""
    return ""


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, or of a module without those of its functions."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child
            yield from _own_nodes(child)


def _called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def is_sweep(facts: ModuleFacts, loop: Loop) -> bool:
    """Whether the rounds of a loop differ in what they build or do, so that an equal start is fair."""
    if isinstance(loop, ast.While):
        return False
    rounds = loop.generators if not isinstance(loop, ast.For | ast.AsyncFor) else [loop]
    if all(_called(one.iter) in _ROUNDS for one in rounds):
        return False
    if any(words(name) & _ENSEMBLES for name in _names_of_loop(facts, loop)):
        return False
    bound = {node.id for one in rounds for node in ast.walk(one.target) if isinstance(node, ast.Name)}
    return any(_uses(argument, bound) for argument in _arguments(loop))


def _names_of_loop(facts: ModuleFacts, loop: Loop) -> Iterator[str]:
    """What collects the modules: the name that a comprehension goes to, the list that a loop appends to."""
    if not isinstance(loop, ast.For | ast.AsyncFor):
        yield from names_around(facts, loop)
        return
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            yield from _target_names(node.func.value)


def _arguments(loop: Loop) -> Iterator[ast.expr]:
    bodies = loop.body if isinstance(loop, ast.For | ast.AsyncFor | ast.While) else [_element(loop)]
    for body in bodies:
        for node in ast.walk(body):
            if isinstance(node, ast.Call) and _called(node) not in {"print", "append", "setattr"}:
                yield from (node.func, *node.args)
                yield from (keyword.value for keyword in node.keywords)


def _element(loop: Loop) -> ast.expr:
    return loop.value if isinstance(loop, ast.DictComp) else loop.elt  # type: ignore[union-attr]


def _uses(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


def are_twins(one: ast.AST, other: ast.AST) -> bool:
    """Whether two calls build the same: equal arguments but for the `rngs`."""
    return _built(one) == _built(other)


def _built(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.Call):
        return []
    arguments = [*node.args, *(keyword for keyword in node.keywords if keyword.arg != "rngs")]
    return [ast.dump(argument) for argument in arguments if "Rngs" not in ast.dump(argument)]
