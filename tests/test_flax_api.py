"""The tables of the Flax API: how they are chosen and read, and that they agree with the Flax installed."""

import importlib.metadata
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from packaging.version import Version

from nnxlint.semantic.flax_api import TABLE_VERSIONS, ClassApi, FlaxApi, Signature, api_for, layer_variables
from nnxlint.semantic.flax_api.structs import Table

ROOT = Path(__file__).resolve().parent.parent
NEWEST = TABLE_VERSIONS[-1]
# 2 ms where this was written; the bound is for a slow, busy machine.
READING_BOUND_S = 0.05
EVERY_VERSION = pytest.mark.parametrize(
    "api", [api_for(Version(version)) for version in TABLE_VERSIONS], ids=TABLE_VERSIONS
)


@pytest.mark.parametrize(
    ("target", "table"),
    [
        ("0.8.5", "0.8.5"),
        ("0.7.0", "0.8.5"),
        ("0.10.6", "0.8.5"),
        ("0.10.7", "0.10.7"),
        ("0.11.1", "0.11.0"),
        ("0.12.3", "0.12.1"),
        ("99", NEWEST),
    ],
)
def test_newest_table_not_newer_than_target(target: str, table: str) -> None:
    assert api_for(Version(target)).version == table


def test_versions_are_in_order_of_release() -> None:
    assert list(TABLE_VERSIONS) == sorted(TABLE_VERSIONS, key=Version)


def test_table_is_read_once() -> None:
    assert api_for(Version("0.12.8")) is api_for(Version("0.12.8.post1"))


def test_reading_a_table_is_fast() -> None:
    raw = (ROOT / "nnxlint/semantic/flax_api/tables" / f"{NEWEST}.json").read_bytes()

    start = time.perf_counter()
    msgspec.json.decode(raw, type=Table)

    assert time.perf_counter() - start < READING_BOUND_S


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("flax.nnx.Dropout", "flax.nnx.Dropout"),
        ("flax.nnx.nn.stochastic.Dropout", "flax.nnx.Dropout"),
        ("flax.nnx.nn.linear.Linear", "flax.nnx.Linear"),
        ("flax.experimental.nnx.Linear", "flax.nnx.Linear"),
        ("flax.nnx.training.metrics.Accuracy", "flax.nnx.metrics.Accuracy"),
        ("flax.nnx.variables", "flax.nnx.state"),
        ("flax.nnx.compat.split", "flax.nnx.split"),
        ("flax.nnx.VariableState", "flax.nnx.Variable"),
        ("flax.nnx.initializers", "flax.nnx.initializers"),
        ("flax.nnx", "flax.nnx"),
        ("flax.nnx.Nonsense", None),
        ("flax.linen.Dense", None),
        ("flax", None),
        ("", None),
    ],
)
def test_canonical_names(name: str, canonical: str | None) -> None:
    api = api_for(Version("0.12.8"))

    assert api.canonical(name) == canonical
    assert api.has(name) == (canonical is not None)


def test_the_package_was_nested_once() -> None:
    assert api_for(Version("0.8.5")).canonical("flax.nnx.nnx.nn.linear.Linear") == "flax.nnx.Linear"


@EVERY_VERSION
def test_canonical_names_are_fixed_points(api: FlaxApi) -> None:
    targets = {*api.aliases.values(), *api.classes, *api.functions, *api.values, *api.modules}

    assert {name for name in targets if api.canonical(name) != name} == set()


@EVERY_VERSION
def test_classes_know_their_name_and_start_their_own_ancestry(api: FlaxApi) -> None:
    assert [name for name, cls in api.classes.items() if cls.name != name or cls.mro[0] != name] == []


def test_wrt_is_required_since_0_11() -> None:
    before, after = (_class("Optimizer", version).init for version in ("0.10.7", "0.11.2"))

    assert (_shape(before)["wrt"], _shape(after)["wrt"]) == (
        ("positional_or_keyword", False),
        ("keyword_only", True),
    )


def test_update_takes_its_arguments_by_keyword_too() -> None:
    assert _shape(_class("Optimizer", "0.12.8").methods["update"]) == {
        "model": ("positional_or_keyword", True),
        "grads": ("positional_or_keyword", True),
        "kwargs": ("var_keyword", False),
    }


def test_defaults_are_source_text() -> None:
    defaults = {parameter.name: parameter.default for parameter in _class("Dropout", "0.12.8").init}

    assert defaults == {
        "rate": None,
        "broadcast_dims": "()",
        "deterministic": "False",
        "rng_collection": "'dropout'",
        "rngs": "None",
    }


def test_methods_are_inherited() -> None:
    assert {"eval", "train", "set_attributes", "sow"} <= _class("Dropout", "0.12.8").methods.keys()


@EVERY_VERSION
def test_kinds(api: FlaxApi) -> None:
    kinds = {name: api.classes[f"flax.nnx.{name}"].kind for name in ("Linear", "Module", "Param", "Rngs", "Optimizer")}

    assert kinds == {
        "Linear": "module",
        "Module": "module",
        "Param": "variable",
        "Rngs": "other",
        "Optimizer": "other",
    }


@pytest.mark.parametrize(("version", "is_param"), [("0.8.5", False), ("0.10.7", True)])
def test_lora_parameters_became_parameters(version: str, is_param: bool) -> None:  # noqa: FBT001
    assert ("flax.nnx.Param" in _class("LoRAParam", version).mro) == is_param


@EVERY_VERSION
def test_layers_with_a_mode(api: FlaxApi) -> None:
    modes = {name: (cls.mode_flag, cls.mode_default) for name, cls in api.classes.items() if cls.mode_flag}

    assert modes == {
        "flax.nnx.BatchNorm": ("use_running_average", "False"),
        "flax.nnx.Dropout": ("deterministic", "False"),
        "flax.nnx.MultiHeadAttention": ("deterministic", "None"),
    }


@EVERY_VERSION
def test_layers_with_a_rate(api: FlaxApi) -> None:
    rates = {name: cls.rate_parameter for name, cls in api.classes.items() if cls.rate_parameter}

    assert rates == {"flax.nnx.Dropout": "rate", "flax.nnx.MultiHeadAttention": "dropout_rate"}


@pytest.mark.parametrize(
    ("name", "version", "at_init", "at_zero_rate", "at_call"),
    [
        ("Linear", "0.12.8", ("params",), (), ()),
        ("Dropout", "0.10.7", (), (), ("dropout",)),
        ("Dropout", "0.11.2", ("dropout",), ("dropout",), ("dropout",)),
        ("MultiHeadAttention", "0.10.7", ("params",), ("params",), ("dropout",)),
        ("MultiHeadAttention", "0.12.8", ("dropout", "params"), ("params",), ("dropout",)),
        ("RNN", "0.12.8", ("carry",), (), ("carry",)),
    ],
)
def test_streams(
    name: str, version: str, at_init: tuple[str, ...], at_zero_rate: tuple[str, ...], at_call: tuple[str, ...]
) -> None:
    cls = _class(name, version)

    assert (cls.streams_init, cls.streams_init_at_zero_rate, cls.streams_call) == (
        at_init,
        at_zero_rate,
        at_call,
    )


@pytest.mark.runtime
def test_table_agrees_with_the_flax_installed() -> None:
    """Without a table of that version, what the nearest older one says of layers must still hold."""
    table = msgspec.json.decode(_introspect(), type=Table)
    installed = importlib.metadata.version("flax")
    known = api_for(Version(installed))

    assert table.version == installed
    if known.version == installed:
        assert table.classes.keys() == known.classes.keys()
        assert table.functions.keys() == known.functions.keys()
        assert (table.aliases, table.modules, table.values) == (known.aliases, known.modules, known.values)
    shared = table.classes.keys() & known.classes.keys()
    exact = known.version == installed
    assert {name: _essence(table.classes[name], exact=exact) for name in shared} == {
        name: _essence(known.classes[name], exact=exact) for name in shared
    }


def _introspect() -> bytes:
    command = [sys.executable, str(ROOT / "scripts" / "introspect_flax.py")]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    return subprocess.run(command, check=True, capture_output=True, env=environment).stdout


def _essence(cls: ClassApi, *, exact: bool) -> tuple[object, ...]:
    """What must agree; methods are left out because those of `Rngs` come from whichever JAX is installed."""
    layer = (cls.kind, cls.mode_flag, cls.mode_default, cls.rate_parameter)
    streams = (cls.streams_init, cls.streams_init_at_zero_rate, cls.streams_call)
    return (layer, streams, cls.mro, cls.init, cls.call) if exact else (layer, streams)


def _class(name: str, version: str) -> ClassApi:
    return api_for(Version(version)).classes[f"flax.nnx.{name}"]


def _shape(signature: Signature) -> dict[str, tuple[str, bool]]:
    return {parameter.name: (parameter.kind, parameter.required) for parameter in signature}


@pytest.mark.runtime
def test_the_layers_hold_what_the_flax_installed_gives_them() -> None:
    if importlib.metadata.version("flax") != NEWEST:
        pytest.skip(f"the table of layers is of Flax {NEWEST}")
    command = [sys.executable, str(ROOT / "scripts" / "generate_layer_state.py"), "--check"]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    assert subprocess.run(command, check=False, capture_output=True, env=environment).returncode == 0


def test_layers_are_known_with_their_variables() -> None:
    layers = layer_variables().layers
    assert {one.path: one.needs for one in layers["flax.nnx.Linear"]} == {"kernel": {}, "bias": {"use_bias": True}}
    assert [one.type for one in layers["flax.nnx.BatchNorm"] if one.path == "mean"] == ["flax.nnx.BatchStat"]
    assert set(layers) <= set(api_for(Version(NEWEST)).classes)
