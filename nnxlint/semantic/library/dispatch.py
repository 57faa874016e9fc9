"""Which handler models which name of which library."""

from collections.abc import Callable, Mapping

from nnxlint.semantic.flax_api import ClassApi
from nnxlint.semantic.frames import Frame
from nnxlint.semantic.library import (
    arrays,
    containers,
    dtypes,
    layers,
    modes,
    optimizers,
    python,
    states,
    storage,
    streams,
    transforms,
    variables,
)
from nnxlint.semantic.library.escape import escape
from nnxlint.semantic.library.forms import formed
from nnxlint.semantic.library.holding import note_loading
from nnxlint.semantic.library.log import log_call
from nnxlint.semantic.machine import Machine
from nnxlint.semantic.observe import Arguments
from nnxlint.semantic.values import (
    ARRAY,
    NONE,
    UNKNOWN,
    Array,
    Const,
    External,
    Instance,
    Method,
    Place,
    Ref,
    Taint,
    Transformed,
    Tree,
    Unknown,
    Value,
    all_taints,
    taints_of,
    with_taints,
)
from nnxlint.semantic.vocabulary import names_evaluation_data

# What these libraries are given they neither change nor keep.
_HARMLESS = frozenset(
    """jax numpy optax orbax builtins math time os sys logging pathlib json tqdm rich wandb collections itertools
    functools typing dataclasses copy pickle joblib dill cloudpickle random re warnings string inspect chex einops
    treescope matplotlib pandas scipy sklearn absl tensorboardX mlflow abc enum io tempfile shutil datetime gc
    contextlib operator clu grain tensorflow tensorflow_datasets datasets PIL cv2 imageio gymnasium gym safetensors
    msgpack flax pprint argparse hashlib struct h5py pytest unittest tabulate psutil tree seaborn sentencepiece
    transformers torch torchvision gzip bz2 lzma zipfile threading queue multiprocessing nnxlint""".split()
)


def call_name(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    """Call a library's function or class by its canonical name."""
    api = machine.api.classes.get(name)
    if api is not None:
        result = _construct(machine, frame, api, arguments, place)
    else:
        result = formed(machine, name, arguments, _function(machine, frame, name, arguments, place))
    log_call(machine, frame, name, None, arguments, place, result)
    note_loading(machine, name.rpartition(".")[2], arguments)
    return result


def _construct(machine: Machine, frame: Frame, api: ClassApi, arguments: Arguments, place: Place) -> Value:
    match api.name:
        case "flax.nnx.Rngs":
            return streams.construct_rngs(machine, frame, arguments, place)
        case "flax.nnx.List":
            return containers.make_list(machine, frame, arguments, place)
        case "flax.nnx.Dict":
            return containers.make_dict(machine, frame, arguments, place)
    if "flax.nnx.Optimizer" in api.mro:
        return optimizers.construct_optimizer(machine, frame, api, arguments, place)
    return layers.construct_layer(machine, frame, api, arguments, place)


def _function(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    if name.startswith("flax.nnx."):
        return _nnx_function(machine, frame, name, arguments, place)
    if name in transforms.NAMES:
        return transforms.make(name, arguments, place)
    if transforms.is_abstract(name):
        return transforms.eval_shape(machine, frame, arguments, place)
    if name in {"jax.tree.map", "jax.tree.map_with_path"}:
        return states.tree_map(machine, frame, arguments, place)
    if name.startswith("jax.lax.") and name.rpartition(".")[2] in _CONTROL:
        return transforms.control(machine, frame, name, arguments, place)
    known = python.call_builtin(machine, frame, name, arguments, place)
    known = known or storage.construct(machine, frame, name, arguments, place) or storage.pickled(machine, name)
    return known if known is not None else _of_library(machine, frame, name, arguments, place)


_CONTROL = frozenset("scan cond switch while_loop fori_loop map associative_scan".split())


def _of_library(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    top = name.partition(".")[0]
    if name.startswith("jax.random."):
        return arrays.call_jax_random(machine, frame, name, arguments, place)
    if name.startswith("jax.nn.initializers.") or name in {"nnxlint.random", "nnxlint.constant"}:
        if name.startswith("nnxlint."):
            return streams.INITIALIZED if name == "nnxlint.random" else ARRAY
        return arrays.call_initializer(machine, name, arguments)
    if name == "jax.lax.stop_gradient":
        return with_taints(_payload(machine, arguments, place), frozenset({Taint("stopped")}))
    if name in {"jax.device_put", "jax.block_until_ready", "jax.lax.with_sharding_constraint", "jax.device_get"}:
        return arguments.positional[0] if arguments.positional else UNKNOWN
    if name in {"jax.tree.leaves", "jax.tree.flatten", "jax.tree_util.tree_flatten"}:
        return states.leaves(machine, name, arguments)
    if top == "optax":
        return optimizers.call_optax(machine, frame, name, arguments, place)
    if top in {"numpy", "jax"} and not name.startswith("jax.experimental."):
        return arrays.call_numpy(machine, frame, name, arguments, place)
    if top not in _HARMLESS:
        escape(machine, arguments.values())
    return Unknown(_named_data(name, arguments), f"what `{name}` gives is not modelled")


def _payload(machine: Machine, arguments: Arguments, place: Place) -> Value:
    return variables.payload(machine, arguments.positional[0], place) if arguments.positional else UNKNOWN


def _named_data(name: str, arguments: Arguments) -> frozenset[Taint]:
    taints = all_taints(arguments.values())
    texts = [value.value for value in arguments.values() if isinstance(value, Const) and isinstance(value.value, str)]
    named = any(names_evaluation_data(text) for text in (*texts, name.rpartition(".")[2]) if len(text) < 40)  # noqa: PLR2004
    return taints | {Taint("eval-data")} if named else taints


def _nnx_function(machine: Machine, frame: Frame, name: str, arguments: Arguments, place: Place) -> Value:
    handler = _NNX.get(name.removeprefix("flax.nnx."))
    if handler is not None:
        return handler(machine, frame, arguments, place)
    if name in transforms.NAMES:
        return transforms.make(name, arguments, place)
    if transforms.is_abstract(name):
        return transforms.eval_shape(machine, frame, arguments, place)
    last = name.rpartition(".")[2]
    if last in _CONTROL:
        return transforms.control(machine, frame, name, arguments, place)
    if name.startswith("flax.nnx.initializers."):
        return arrays.call_initializer(machine, name, arguments)
    if name.startswith("flax.nnx.metrics."):
        return UNKNOWN
    return Unknown(_named_data(name, arguments), f"what `{name}` gives is not modelled")


def _diff_state(machine: Machine, frame: Frame, arguments: Arguments, place: Place) -> Value:
    bound = {"argnum": arguments.get(0, "argnum") or UNKNOWN, "filter": arguments.get(1, "filter") or UNKNOWN}
    return machine.allocate(frame, place.node, Instance(External("flax.nnx.DiffState"), bound, place))


_NNX: Mapping[str, Callable[[Machine, Frame, Arguments, Place], Value]] = {
    "state": states.state,
    "variables": states.state,
    "split": states.split,
    "merge": states.merge,
    "call": states.merge,
    "State.merge": states.merge_states,
    "merge_state": states.merge_states,
    "update": states.update,
    "clone": states.clone,
    "pop": states.state,
    "graphdef": states.graph_definition,
    "view": modes.view,
    "with_attributes": modes.with_attributes,
    "set_mode": modes.view,
    "with_rngs": transforms.with_rngs,
    "to_pure_dict": lambda machine, frame, arguments, place: states.pure_dict(arguments),
    "pure": lambda machine, frame, arguments, place: states.pure_dict(arguments),
    "data": containers.same,
    "static": containers.same,
    "DiffState": _diff_state,
    "iter_graph": states.iterate_graph,
    "iter_modules": states.iterate_graph,
    "iter_children": states.iterate_graph,
    "relu": lambda machine, frame, arguments, place: Array(_named_data("", arguments)),
    "with_partitioning": containers.same,
    "with_metadata": containers.same,
    "display": lambda machine, frame, arguments, place: NONE,
    "tabulate": lambda machine, frame, arguments, place: ARRAY,
}


def call_method(machine: Machine, frame: Frame, callee: Method, arguments: Arguments, place: Place) -> Value:
    """Call a method of a library's class, or any method of a value that is no object of ours."""
    result = formed(machine, callee.name, arguments, _method(machine, frame, callee, arguments, place))
    log_call(machine, frame, callee.name, callee.receiver, arguments, place, result)
    note_loading(machine, callee.name.rpartition(".")[2], arguments)
    return result


def _method(machine: Machine, frame: Frame, callee: Method, arguments: Arguments, place: Place) -> Value:
    receiver, name = callee.receiver, callee.name
    last = name.rpartition(".")[2]
    if not isinstance(receiver, Ref):
        return _method_of_data(machine, frame, receiver, last, arguments, place)
    record = machine.heap.get(receiver.target)
    if not isinstance(record, Instance):
        return containers.call_method(machine, frame, receiver, last, arguments, place)
    if name.startswith("flax.nnx.Rngs."):
        return streams.call_stream(machine, frame, receiver, _stream_name(name), arguments, place)
    if name.startswith("flax.nnx.Variable.") or machine.is_variable(record.cls):
        if last == "__init__":
            layers.construct_variable(machine, frame, receiver, arguments)
            return NONE
        return variables.call_variable_method(machine, frame, receiver, last, arguments, place)
    if optimizers.is_transformation(machine, receiver):
        return optimizers.call_transformation_method(machine, frame, last, arguments)
    return _method_of_instance(machine, frame, receiver, record, name, arguments, place)


def _stream_name(name: str) -> str:
    return name.removeprefix("flax.nnx.Rngs.").removeprefix("stream.").replace("__call__", "default")


def _method_of_instance(
    machine: Machine, frame: Frame, receiver: Ref, record: Instance, name: str, arguments: Arguments, place: Place
) -> Value:
    owner, _, last = name.rpartition(".")
    api = machine.library_class(record.cls)
    if api is None:
        storage.note_write(machine, arguments, place)
        if owner.partition(".")[0] not in _HARMLESS:
            escape(machine, (receiver, *arguments.values()))
        return Unknown(taints_of(receiver), "a method of a class that is not known")
    if "flax.nnx.Optimizer" in api.mro:
        if last == "__init__":
            inherited = machine.api.classes.get(owner, api)
            optimizers.fill_optimizer(machine, inherited, receiver, arguments)
            return NONE
        return optimizers.call_optimizer_method(machine, frame, receiver, last, arguments)
    if last in {"eval", "train", "set_attributes"} and api.kind == "module":
        return modes.call_mode_method(machine, frame, receiver, last, arguments)
    return _method_of_module(machine, frame, receiver, name, arguments, place)


def _method_of_module(
    machine: Machine, frame: Frame, receiver: Ref, name: str, arguments: Arguments, place: Place
) -> Value:
    owner, _, last = name.rpartition(".")
    if last == "__init__":
        base = machine.api.classes.get(owner)
        if base is not None and base.kind == "module":
            layers.fill_layer(machine, frame, base, receiver, arguments, place)
        return NONE
    if last == "__call__":
        return layers.call_layer(machine, frame, receiver, arguments, place)
    if last in {"iter_modules", "iter_children"}:
        return states.iterate_graph(machine, frame, Arguments((receiver,)), place)
    return Unknown(reason=f"what `{name}` gives is not modelled")


def _method_of_data(
    machine: Machine, frame: Frame, receiver: Value, name: str, arguments: Arguments, place: Place
) -> Value:
    taints = taints_of(receiver) | _named_data("", arguments)
    storage.note_write(machine, arguments, place)
    if isinstance(receiver, Tree):
        return states.call_tree_method(machine, receiver, name, arguments)
    if isinstance(receiver, Array):
        return Array(
            dtypes.without(taints) | dtypes.of_method(name, receiver, arguments) | arrays.drawn_by(receiver, name)
        )
    if isinstance(receiver, Unknown):
        escape(machine, arguments.values())
        return Unknown(taints, receiver.reason or "a method of something that is not known")
    return Array(taints)


def call_transformed(machine: Machine, frame: Frame, callee: Transformed, arguments: Arguments, place: Place) -> Value:
    """Call a function under a transform."""
    return transforms.call_transformed(machine, frame, callee, arguments, place)


def call_layer(machine: Machine, frame: Frame, callee: Ref, arguments: Arguments, place: Place) -> Value:
    """Call a layer of the library."""
    return layers.call_layer(machine, frame, callee, arguments, place)
