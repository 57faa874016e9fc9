"""What `flax.nnx` offers, per Flax version: names, signatures, hierarchies, modes and random streams.

The tables under `tables/` are generated from real installs by `scripts/generate_flax_api.py`; nothing in them
is typed by hand. A name is *canonical* when it is the shortest path under which people reach the object:
`flax.nnx.Linear`, not `flax.nnx.nn.linear.Linear`. Canonical names can differ between versions
(`flax.nnx.variables` was a function of its own in 0.10, and is `flax.nnx.state` since), so translate the name
that you look for, too.
"""

import functools
from pathlib import Path

import msgspec
from packaging.version import Version

from nnxlint.semantic.flax_api.structs import (
    ClassApi,
    FlaxApi,
    FunctionApi,
    LayerTable,
    LayerVariable,
    Parameter,
    Signature,
    Table,
)

__all__ = [
    "TABLE_VERSIONS",
    "ClassApi",
    "FlaxApi",
    "FunctionApi",
    "LayerVariable",
    "Parameter",
    "Signature",
    "api_for",
    "layer_variables",
]

_TABLES = Path(__file__).parent / "tables"

TABLE_VERSIONS: tuple[str, ...] = tuple(sorted((path.stem for path in _TABLES.glob("*.json")), key=Version))


@functools.cache
def api_for(version: Version) -> FlaxApi:
    """The newest table that is not newer than the version; the oldest one for versions before all tables."""
    known = [table for table in TABLE_VERSIONS if Version(table) <= version]
    return _load(known[-1] if known else TABLE_VERSIONS[0])


@functools.cache
def layer_variables() -> LayerTable:
    """Which Variables the layers of the newest Flax hold; written by `scripts/generate_layer_state.py`."""
    return msgspec.json.decode((Path(__file__).parent / "layers.json").read_bytes(), type=LayerTable)


@functools.cache
def _load(version: str) -> FlaxApi:
    table = msgspec.json.decode((_TABLES / f"{version}.json").read_bytes(), type=Table)
    return FlaxApi(
        version=table.version,
        classes={name: _with_inherited(name, table) for name in table.classes},
        functions={name: FunctionApi(name, signature) for name, signature in table.functions.items()},
        aliases=table.aliases,
        modules=table.modules,
        values=table.values,
    )


def _with_inherited(name: str, table: Table) -> ClassApi:
    """A table keeps each method once, with the class that defines it."""
    own = table.classes[name]
    methods: dict[str, Signature] = {}
    for base in reversed(own.mro):
        # Bases without an entry are Flax internals; what users can call of them is kept with the class below.
        if base in table.classes:
            methods |= table.classes[base].methods
    return msgspec.structs.replace(own, name=name, methods=methods)
