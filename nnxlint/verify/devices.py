"""Which devices to run on, what children find there, and whether two of them compute the same numbers."""

import importlib.metadata
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from nnxlint.errors import NnxlintError
from nnxlint.verify.protocol import Answer, Environment
from nnxlint.verify.tolerances import CPU, GPU, TPU, Tolerance, are_close, tolerance_of

CHOICES = (CPU, GPU, TPU, "all")
_SERIES_DTYPE = "float32"

FindEnvironment = Callable[[str], Environment | None]
"""What a child finds where JAX may run on these platforms (as `JAX_PLATFORMS` names them); None for nothing."""


class Device(msgspec.Struct, frozen=True):
    """Where children run: `cpu`, `gpu` or `tpu`, its kind, and what `JAX_PLATFORMS` has to say for it."""

    name: str
    platforms: str
    kind: str = CPU


HOST = Device(CPU, CPU)


def choose_devices(asked: str | None, environment: Mapping[str, str], find: FindEnvironment) -> tuple[Device, ...]:
    """The devices that `--device` asks for; without it, what JAX would choose in this environment.

    Children are only started to look where something else than a CPU could be. `NnxlintError` where an accelerator is
    asked for that JAX cannot use.
    """
    if asked == CPU:
        return (HOST,)
    if asked == "all":
        return (HOST, *(device for name in (GPU, TPU) if (device := _accelerator(name, find)) is not None))
    if asked is not None:
        device = _accelerator(asked, find)
        if device is None:
            message = f"--device {asked}: JAX finds none here"
            raise NnxlintError(message)
        return (device,)
    told = environment.get("JAX_PLATFORMS", "")
    if told == CPU or not _plugins():
        return (HOST,)
    found = find(told)
    if found is None and told:
        message = f"JAX_PLATFORMS={told}: JAX finds none here"
        raise NnxlintError(message)
    return (HOST,) if found is None or found.platform == CPU else (Device(found.platform, told, found.device_kind),)


class Agreement(msgspec.Struct, frozen=True):
    """How many numbers were computed in two places, and those that are apart, each in words."""

    count: int
    apart: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In a sentence; empty where there were no numbers."""
        if not self.count:
            return ""
        if not self.apart:
            return f"{self.count} numbers equal the CPU's"
        return f"{len(self.apart)} of {self.count} numbers differ from the CPU's, such as {self.apart[0]}"


def agreement(answers: Sequence[Answer], on_cpu: Sequence[Answer], platform: str) -> Agreement:
    """How the numbers of an accelerator compare with the CPU's."""
    pairs = list(_pairs(answers, {answer.id: answer for answer in on_cpu}))
    apart = (
        f"{name}: {one} against {other}"
        for name, dtype, one, other in pairs
        if not _equal(one, other, tolerance_of(dtype, platform))
    )
    return Agreement(len(pairs), tuple(apart))


def _accelerator(name: str, find: FindEnvironment) -> Device | None:
    kinds = {GPU: ("cuda", "rocm"), TPU: (TPU,)}[name]
    for kind in kinds:
        if any(kind in plugin for plugin in _plugins()):
            platforms = f"{kind},{CPU}"
            found = find(platforms)
            if found is not None and found.platform != CPU:
                return Device(name, platforms, found.device_kind)
    return None


def _plugins() -> tuple[str, ...]:
    """Names of what would give JAX more than the CPU, found without importing any of it."""
    names = [entry.name for entry in importlib.metadata.entry_points(group="jax_plugins")]
    space = importlib.util.find_spec("jax_plugins")
    if space is not None:
        names += [module.name for module in pkgutil.iter_modules(space.submodule_search_locations)]
    return (*names, *([TPU] if importlib.util.find_spec("libtpu") else []))


def _pairs(
    answers: Sequence[Answer], on_cpu: Mapping[str, Answer]
) -> Iterator[tuple[str, str, float | None, float | None]]:
    """What was computed in both places: its name, its dtype, and the two numbers."""
    for answer in answers:
        other = on_cpu.get(answer.id)
        if other is None:
            continue
        for name, values in answer.numbers.items():
            dtype = name.rpartition(" ")[2]
            yield from ((name, dtype, *pair) for pair in zip(values, other.numbers.get(name, ()), strict=False))
        for mine, theirs in zip(answer.series, other.series, strict=False):
            if mine.title == theirs.title:
                pairs = zip(mine.values, theirs.values, strict=False)
                yield from ((f"{answer.id} {mine.title}", _SERIES_DTYPE, *pair) for pair in pairs)


def _equal(one: float | None, other: float | None, tolerance: Tolerance) -> bool:
    return one is other if one is None or other is None else are_close(one, other, tolerance)
