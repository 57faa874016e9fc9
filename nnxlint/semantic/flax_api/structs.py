"""The shapes of a table of the Flax API, as kept on disk and as handed out."""

from typing import Literal, TypeAlias

import msgspec

ParameterKind = Literal["positional_only", "positional_or_keyword", "var_positional", "keyword_only", "var_keyword"]
ClassKind = Literal["module", "variable", "other"]


class Parameter(msgspec.Struct, frozen=True, array_like=True):
    """A parameter; `default` is the source text of a literal, None without a default or with another one."""

    name: str
    kind: ParameterKind
    required: bool
    default: str | None = None


Signature: TypeAlias = tuple[Parameter, ...]


class ClassApi(msgspec.Struct, frozen=True):
    """A class of `flax.nnx`: signatures without `self`; ancestry with the class itself first.

    `mode_flag` is the call argument and attribute that `eval()` and `train()` set, `mode_default` its value
    in a fresh layer. `rate_parameter` is the constructor argument that, at zero, stops draws during calls.

    Streams were observed: `streams_init` and `streams_call` with `rngs` passed and a rate above zero, in
    training mode; `streams_init_at_zero_rate` with the rate at zero, where there is a `rate_parameter`. A
    layer with a constructor argument `rng_collection` draws from the stream named there.
    """

    kind: ClassKind
    mro: tuple[str, ...]
    init: Signature
    name: str = ""
    call: Signature | None = None
    methods: dict[str, Signature] = {}
    mode_flag: str | None = None
    mode_default: str | None = None
    rate_parameter: str | None = None
    streams_init: tuple[str, ...] = ()
    streams_init_at_zero_rate: tuple[str, ...] = ()
    streams_call: tuple[str, ...] = ()


class FunctionApi(msgspec.Struct, frozen=True):
    """A function of `flax.nnx`, transforms among them."""

    name: str
    signature: Signature


class FlaxApi(msgspec.Struct, frozen=True):
    """All that one Flax version offers; `values` are names of which only the existence is known."""

    version: str
    classes: dict[str, ClassApi]
    functions: dict[str, FunctionApi]
    aliases: dict[str, str]
    modules: frozenset[str]
    values: frozenset[str]

    def canonical(self, name: str) -> str | None:
        """The canonical name of a dotted name, None for a name that this version lacks."""
        path = ""
        for part in name.split("."):
            path = f"{path}.{part}" if path else part
            # Step by step, because a module may be an alias: `flax.nnx.training.metrics`.
            path = self.aliases.get(path, path)
        known = path in self.classes or path in self.functions or path in self.values or path in self.modules
        return path if known else None

    def has(self, name: str) -> bool:
        """Whether this version has the name, under this or another spelling."""
        return self.canonical(name) is not None


class Table(msgspec.Struct, frozen=True):
    """A table as kept on disk: classes without their name, methods only with the class that defines them."""

    version: str
    classes: dict[str, ClassApi]
    functions: dict[str, Signature]
    aliases: dict[str, str]
    modules: frozenset[str]
    values: frozenset[str]


Needed: TypeAlias = bool | float | int | str


class LayerVariable(msgspec.Struct, frozen=True, array_like=True):
    """A Variable of a layer: where it lies in it, its type, its shape by the names of the layer's sizes.

    An axis is a number, a parameter, a multiple of one (`4*features`), a quotient (`a//b`), or all of a tuple
    (`*kernel_size`). `dtype`: its name, ``param_dtype`` for the parameter's, or None. `needs`: the values of
    parameters without which the Variable is not there; of a rate, any that is not zero. `usual`: the defaults are so.
    """

    path: str
    type: str
    shape: tuple[str, ...] | None
    dtype: str | None
    needs: dict[str, Needed]
    usual: bool = True


class LayerTable(msgspec.Struct, frozen=True):
    """The Variables of the layers of one Flax version."""

    version: str
    layers: dict[str, tuple[LayerVariable, ...]]
