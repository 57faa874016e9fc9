"""Find inputs with which a case runs: candidate shapes are tried by abstract evaluation, which needs no memory."""

import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import jax
import msgspec

from nnxlint.verify.child.case import abstract_inputs, call, concrete_inputs, make_objects
from nnxlint.verify.child.loading import LoadedProgram, LoadError, opened
from nnxlint.verify.child.proposals import Layers, proposals, watched
from nnxlint.verify.protocol import Answer, ArraySpec, Case, Maker, Probe, Program, SolveJob

MAX_ATTEMPTS = 200
MAX_SECONDS = 25.0

# What a program raises that looks at numbers: with shapes alone nothing is wrong so far.
_NEEDS_NUMBERS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerBoolConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.UnexpectedTracerError,
)


@dataclass(frozen=True, slots=True)
class _Failure:
    """What an attempt raised, and where in the main module."""

    error: str
    message: str
    row: int | None


def solve(job: SolveJob) -> Answer:
    """The first case that runs, with the inputs that it ran with; else the reason that was met most often."""
    failures: Counter[_Failure] = Counter()
    for program in job.programs:
        for choice, case in enumerate(job.cases):
            inputs = _solved(program, case, job.unsolved, failures)
            if inputs is not None:
                return Answer(id=job.id, choice=choice, inputs=inputs)
    [(failure, _)] = failures.most_common(1) or [(_Failure("", "there is no case to run", None), 0)]
    reason = f"{failure.error}: {failure.message}" if failure.error else failure.message
    return Answer(id=job.id, error=failure.error, row=failure.row, message=failure.message, reason=reason.rstrip(": "))


def _solved(
    program: Program, case: Case, unsolved: dict[str, str], failures: Counter[_Failure]
) -> dict[str, ArraySpec] | None:
    try:
        with opened(program) as loaded, loaded.active():
            return _searched(loaded, case, unsolved, failures)
    except LoadError as error:
        failures[_Failure("", str(error), None)] += 1
        return None


def _searched(
    loaded: LoadedProgram, case: Case, unsolved: dict[str, str], failures: Counter[_Failure]
) -> dict[str, ArraySpec] | None:
    # Layers are seen when they are made: by the makers, or else by a first attempt that may fail.
    layers = Layers()
    deadline = time.monotonic() + MAX_SECONDS
    named = {name: hint for name, hint in unsolved.items() if _takes(case, name)}
    tried: set[tuple[ArraySpec, ...]] = set()
    for inputs in _attempts(named, layers):
        if tuple(inputs.values()) in tried:
            continue
        tried.add(tuple(inputs.values()))
        whole = msgspec.structs.replace(case, inputs={**case.inputs, **inputs})
        failure = _attempt(loaded, whole, layers)
        if failure is None:
            return dict(whole.inputs)
        failures[failure] += 1
        if len(tried) >= MAX_ATTEMPTS or time.monotonic() > deadline:
            break
    return None


def _attempts(named: dict[str, str], layers: Layers) -> Iterator[dict[str, ArraySpec]]:
    """First a guess that makes the layers known, then what follows from them."""
    yield next(proposals(named, layers))
    if named:
        yield from proposals(named, layers)


def _takes(case: Case, name: str) -> bool:
    calls: tuple[Maker | Probe, ...] = (*case.objects.values(), *case.probes)
    return any(name in (*each.arguments, *each.keywords.values()) for each in calls)


def _attempt(loaded: LoadedProgram, case: Case, layers: Layers) -> _Failure | None:
    def run(arrays: dict[str, jax.Array]) -> None:
        scope = make_objects(loaded, case, arrays)
        call(loaded, case.probes[0], scope)

    try:
        with watched(layers):
            jax.eval_shape(run, abstract_inputs(case))
    except _NEEDS_NUMBERS:
        return _attempt_with_numbers(loaded, case)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a program raises
        return _failure(loaded, error)
    return None


def _attempt_with_numbers(loaded: LoadedProgram, case: Case) -> _Failure | None:
    try:
        scope = make_objects(loaded, case, concrete_inputs(case, 0))
        call(loaded, case.probes[0], scope)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return _failure(loaded, error)
    return None


def _failure(loaded: LoadedProgram, error: BaseException) -> _Failure:
    rows = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == loaded.file]
    text = str(error).strip() or "no message"
    return _Failure(type(error).__name__, text.splitlines()[0][:200], rows[-1] if rows else None)
