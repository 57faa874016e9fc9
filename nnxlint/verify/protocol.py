"""What the parent asks of a child process, and what the child answers: plain data, as JSON.

Nothing here imports jax: the parent never does. A job names a *program*: files that are written to a folder of their
own, one of which is loaded as the main module. A *case* says how that program is exercised.
"""

from typing import Literal

import msgspec

from nnxlint.verify.verdicts import Verdict

SCRIPT = "_nnxlint_script"
"""The function that a sliced module has for the statements of its top level that its edited rows need."""


class ArraySpec(msgspec.Struct, frozen=True):
    """An array argument: shape, dtype, and for integers the bound below which its values lie."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    below: int | None = None


class Maker(msgspec.Struct, frozen=True):
    """An object of the case: what a callable of the program gives for these arguments.

    `call`: a dotted name looked up in the main module; `arguments` and `keywords`: names of other objects, inputs or
    constants of the case. A random stream is made with the maker `nnx.Rngs` and a constant.
    """

    call: str
    arguments: tuple[str, ...] = ()
    keywords: dict[str, str] = {}


class Probe(msgspec.Struct, frozen=True):
    """One call that is observed: its outputs and all that it changes in its arguments.

    `differentiate`: also observe the gradient of its (first) scalar output with regard to every Param among the
    arguments. `repeat`: call it so often in a row. `frame`: it belongs to what a repair must leave as it was.
    """

    call: str
    arguments: tuple[str, ...] = ()
    keywords: dict[str, str] = {}
    differentiate: bool = False
    repeat: int = 1
    frame: bool = True


class Case(msgspec.Struct, frozen=True):
    """How a program is exercised. Objects are made in order, so that a later one may take an earlier one.

    An input `batch.x` is the entry `x` of the dict that arguments call `batch`. `devices`: how many devices the program
    wants to spread over; more than one are simulated on the CPU.
    """

    name: str
    objects: dict[str, Maker] = {}
    inputs: dict[str, ArraySpec] = {}
    constants: dict[str, int | float | bool | str | None] = {}
    probes: tuple[Probe, ...] = ()
    devices: int = 1


class Program(msgspec.Struct, frozen=True):
    """Files by their path relative to the program's folder, and which of them is the main module.

    `edited`: the rows of the main module (from 1) that differ from the other program it is compared with; a proof in
    which one of them was never executed is none. `sliced`: of the function around these rows, or of the top level, only
    what they need is run.
    """

    files: dict[str, str]
    main: str
    edited: tuple[int, ...] = ()
    sliced: bool = False


class CompareJob(msgspec.Struct, frozen=True, tag="compare"):
    """Asks whether two programs are the same computation in this case.

    With `frame_only`, only frame probes count. `numbers`: also run the first program, and give some of what it
    computes (see `Answer`), whatever the verdict is.
    """

    id: str
    before: Program
    after: Program
    case: Case
    frame_only: bool = False
    seeds: tuple[int, ...] = (0, 1, 2)
    proof: bool = True
    numbers: bool = False


class WitnessJob(msgspec.Struct, frozen=True, tag="witness"):
    """Whether the property of this name holds of the program.

    `options` are the witness's own: a path, the name of an object. With `other`, the property is a frame: what may
    not change between `program` and `other`.
    """

    id: str
    program: Program
    case: Case
    witness: str
    options: dict[str, str] = {}
    other: Program | None = None


class RunJob(msgspec.Struct, frozen=True, tag="run"):
    """Whether the program raises, and where."""

    id: str
    program: Program
    case: Case


class SolveJob(msgspec.Struct, frozen=True, tag="solve"):
    """Which of these cases runs, and with inputs of which shapes.

    The cases are tried in order, each on the programs in order: what runs on the first program is best. `unsolved`:
    for inputs whose shape is not known, what their name suggests (`images`, `tokens`, `labels`, or nothing).
    """

    id: str
    programs: tuple[Program, ...]
    cases: tuple[Case, ...]
    unsolved: dict[str, str] = {}


Job = CompareJob | WitnessJob | RunJob | SolveJob


class Series(msgspec.Struct, frozen=True):
    """Numbers to draw: what a witness saw, over calls or steps; None for what is not finite, which JSON cannot say."""

    title: str
    x_label: str
    y_label: str
    values: tuple[float | None, ...]


class Environment(msgspec.Struct, frozen=True):
    """What a child ran on. `network`: how the network was denied; the pool fills it in, the child leaves it empty."""

    flax: str
    jax: str
    platform: str
    device_kind: str
    device_count: int
    network: str = ""


Kind = Literal["done", "crashed", "timed-out", "unsupported"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a job came to.

    `kind`: `done`, or why not (`crashed`, `timed-out`, `unsupported`). For a comparison `verdict` is PROVED, TESTED,
    DIFFERS or UNVERIFIED; for a witness `holds` tells; for a run `error`, `row` and `message` tell what was raised
    (`error` is the type's name, empty where nothing was), with `row` in the main module. For a solving, `choice` is
    the number of the case that ran (on whichever program), and `inputs` are those that it ran with.

    `numbers`: some of what a comparison computed with its first seed, by probe and path, and the dtype after a
    space (`forward/output float32`): a few values each, always the same ones, so that devices can be compared.
    """

    id: str
    kind: Kind = "done"
    verdict: Verdict | None = None
    holds: bool | None = None
    error: str = ""
    row: int | None = None
    message: str = ""
    reason: str = ""
    hashes: dict[str, str] = {}
    choice: int | None = None
    inputs: dict[str, ArraySpec] = {}
    numbers: dict[str, tuple[float | None, ...]] = {}
    series: tuple[Series, ...] = ()
    seconds: float = 0.0
    environment: Environment | None = None
