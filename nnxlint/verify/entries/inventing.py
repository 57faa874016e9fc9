"""Values made up for parameters of which only the name and the annotation are known."""

import ast

from nnxlint.semantic.facts import FunctionDecl
from nnxlint.semantic.flow.binding import default_of
from nnxlint.semantic.values import External, Value
from nnxlint.semantic.vocabulary import words
from nnxlint.verify.entries.references import CannotMakeError, of_library

SMALL = 8
"""Sizes that nobody says are equal, so that layers fit each other; heads divide it."""

RNGS = f"{of_library('flax.nnx.Rngs')}(0)"
FOLDER = "_nnxlint.folder()"
OPTIMIZER = f"{of_library('optax.adam')}(1e-3)"

_INTEGERS = (
    (frozenset("heads head".split()), 2),
    (frozenset("layers depth blocks steps epochs epoch iterations iters repeats members ensembles".split()), 2),
    (frozenset("kernel window".split()), 3),
    (frozenset("vocab vocabulary tokens length len seq context positions maxlen".split()), 16),
    (frozenset({"image", "resolution"}), 32),
    (frozenset({"batch"}), 2),
    (frozenset({"seed"}), 0),
    (frozenset("stride strides expansion multiplier".split()), 1),
)
_FLOATS = (
    (frozenset("rate dropout drop prob probability p".split()), "0.1"),
    (frozenset("momentum decay beta".split()), "0.9"),
    (frozenset("lr learning".split()), "1e-3"),
    (frozenset("eps epsilon".split()), "1e-5"),
)
_CALLABLES = frozenset("activation act nonlinearity".split())
_FOLDERS = frozenset("folder dir directory workdir logdir outdir savedir dirname root".split())
_FILES = frozenset("path file filename filepath checkpoint ckpt output".split())
_PATHS = frozenset({"pathlib.Path", "os.PathLike"})
_DTYPES = frozenset({"dtype"})
_NUMBERS = {"builtins.int": "int", "builtins.float": "float", "builtins.bool": "bool", "builtins.str": "str"}
_FUNCTIONS = frozenset({"typing.Callable", "collections.abc.Callable"})
_LISTS = frozenset({"builtins.list", "typing.List", "typing.Sequence", "collections.abc.Sequence", "builtins.tuple"})


def invented(decl: FunctionDecl, parameter: ast.arg, annotated: Value | None) -> str:
    """Code for a parameter by its name and by what its annotation means; `CannotMakeError` where neither helps."""
    name = parameter.arg
    kind = _NUMBERS.get(annotated.name) if isinstance(annotated, External) else None
    if name == "rngs" or _means(annotated, "flax.nnx.Rngs"):
        return RNGS
    if kind == "bool":
        return "False"
    folder = folder_for(name, annotated)
    if folder is not None:
        return folder
    if kind == "str":
        return repr(name)
    special = _by_name(name)
    if special is not None:
        return special
    if kind == "float" or (kind is None and _float_for(name) is not None):
        return _float_for(name) or "0.5"
    if kind == "int" or annotated is None:
        return str(integer_for(name))
    if isinstance(annotated, External) and annotated.name in _LISTS:
        return f"({SMALL}, {SMALL})"
    message = f"nothing says what to give the parameter `{name}` of `{_owner(decl)}`"
    raise CannotMakeError(message)


def folder_for(name: str, annotated: Value | None) -> str | None:
    """A new folder, or a file in one, where the parameter is the path of it."""
    is_path = isinstance(annotated, External) and annotated.name in _PATHS
    parts = words(name)
    text = annotated is None or (isinstance(annotated, External) and annotated.name == "builtins.str")
    if not is_path and not (text and parts & (_FOLDERS | _FILES)):
        return None
    place = FOLDER if parts & _FOLDERS else f'{FOLDER} / "saved"'
    return place if is_path else f"str({place})"


def integer_for(name: str) -> int:
    """A small number that suits what a parameter of this name counts."""
    parts = words(name)
    return next((value for known, value in _INTEGERS if parts & known), SMALL)


def has_default(decl: FunctionDecl, name: str) -> bool:
    """Whether a parameter may be left out."""
    return default_of(decl, name) is not None


def _by_name(name: str) -> str | None:
    parts = words(name)
    if parts & _CALLABLES:
        return of_library("jax.nn.relu")
    if parts & _DTYPES:
        return of_library("jax.numpy.float32")
    return f"{of_library('jax.random.key')}(0)" if name in {"key", "rng", "prng", "rng_key", "prng_key"} else None


def _float_for(name: str) -> str | None:
    parts = words(name)
    return next((value for known, value in _FLOATS if parts & known), None)


def _means(annotated: Value | None, name: str) -> bool:
    return isinstance(annotated, External) and annotated.name == name


def _owner(decl: FunctionDecl) -> str:
    return decl.owner.name if decl.owner is not None and decl.name == "__init__" else decl.name
