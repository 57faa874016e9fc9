"""What the drivers of the user's entries import: they are appended to a copy of the entry's module."""

import contextlib
import pathlib
import tempfile
import types
from collections.abc import Callable, Iterator
from pkgutil import resolve_name
from typing import Any

import optax
from flax import nnx

__all__ = ["folder", "made_inside", "optimizer", "record", "resolve_name", "with_made"]

Entry = Callable[..., Any]


def folder() -> pathlib.Path:
    """A new, empty folder."""
    return pathlib.Path(tempfile.mkdtemp(prefix="nnxlint-")).resolve()


def record(**parts: object) -> types.SimpleNamespace:
    """An object with these attributes."""
    return types.SimpleNamespace(**parts)


def optimizer(make: Callable[..., Any], model: object, transformation: Callable[[], Any]) -> Any:  # noqa: ANN401 - any class
    """An optimizer of all Params, on any Flax; by another rule where what its own is made of is missing."""
    try:
        rule = transformation()
    except NameError:
        rule = optax.adam(1e-3)
    try:
        return make(model, rule, wrt=nnx.Param)
    except TypeError:
        return make(model, rule)


class _MadeError(BaseException):
    """Ends an entry at the moment when it has made what is wanted."""

    def __init__(self, made: object) -> None:
        super().__init__()
        self.made = made


def made_inside(cls: type, entry: Entry, *given: object) -> object:
    """The first module of a class that an entry makes, as it is before the entry goes on."""

    def ending(make: Entry, *positional: object, **keywords: object) -> object:
        raise _MadeError(make(*positional, **keywords))

    try:
        with _construction(cls, ending):
            entry(*given)
    except _MadeError as found:
        return found.made
    message = f"the entry makes no {cls.__name__}"
    raise LookupError(message)


def with_made(made: object, entry: Entry, *given: object) -> Any:  # noqa: ANN401 - whatever it gives
    """Call an entry to which every construction of this module's class gives this very module."""
    with _construction(type(made), lambda _, *__, **___: made):
        return entry(*given)


@contextlib.contextmanager
def _construction(cls: type, instead: Entry) -> Iterator[None]:
    """Within this, calling the class calls `instead`, which is handed the usual way to make an object."""
    meta: Any = type(cls)
    usual = meta.__call__
    own = "__call__" in vars(meta)

    def call(called: type, *positional: object, **keywords: object) -> object:
        if called is cls:
            return instead(lambda *more, **named: usual(called, *more, **named), *positional, **keywords)
        return usual(called, *positional, **keywords)

    meta.__call__ = call
    try:
        yield
    finally:
        if own:
            meta.__call__ = usual
        else:
            del meta.__call__
