"""The state map: what module classes hold, draw and are steered by, who changes it, and what an editor shows of it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nnxlint.knowledge import load_projects
from nnxlint.semantic.analysis import Analysis, analyse
from nnxlint.semantic.statemap import ClassState, Held, Kind, Mode, When, state_map
from nnxlint.settings import Overrides, settings_loader

HEAD = """\
import jax
import jax.numpy as jnp
import optax
from flax import nnx

"""
PROGRAM = (
    HEAD
    + """
class Count(nnx.Variable):
    pass

class Block(nnx.Module):
    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.linear = nnx.Linear(width, width, rngs=rngs)
        self.norm = nnx.BatchNorm(width, use_bias=False, rngs=rngs)
        self.dropout = nnx.Dropout(0.1, rngs=rngs)
        self.calls = Count(jnp.array(0))
        self.width = width

    def __call__(self, x, *, train: bool = True):
        self.calls.value += 1
        x = self.norm(self.linear(x), use_running_average=not train)
        return self.dropout(x, deterministic=not train)

class Base(nnx.Module):
    def __init__(self, width, rngs):
        self.scale = nnx.Param(0.1 * jax.random.normal(rngs.params(), (width, 2)))
        self.rngs = rngs

class Net(Base):
    def __init__(self, *, rngs: nnx.Rngs):
        super().__init__(8, rngs)
        self.blocks = nnx.List([Block(8, rngs=rngs), Block(8, rngs=rngs)])
        self.heads = nnx.Dict(a=nnx.Linear(8, 2, rngs=rngs), b=nnx.Linear(8, 3, use_bias=False, rngs=rngs))
        self._build()

    def _build(self):
        self.cache = nnx.Cache(jnp.zeros((4, 4), jnp.bfloat16))

    def __call__(self, x, train=False):
        for block in self.blocks:
            x = block(x, train=train)
        return self.heads["a"](x) + self.rngs.noise.normal((2,))

net = Net(rngs=nnx.Rngs(0, dropout=1))
optimizer = nnx.Optimizer(net, optax.adam(1e-3), wrt=nnx.Param)

def loss(model, x):
    return model(x, train=True).sum()

def step(model, optimizer, x):
    optimizer.update(model, nnx.grad(loss)(model, x))

step(net, optimizer, jnp.ones((1, 8)))
y = net(jnp.ones((1, 8)))
"""
)

Analysed = Callable[..., Analysis]


@pytest.fixture
def analysed(tmp_path: Path) -> Analysed:
    """Give what analyses a project of these files, the first of them named."""

    def of(text: str | Mapping[str, str]) -> Analysis:
        files = {"program.py": text} if isinstance(text, str) else text
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        (tmp_path / "pyproject.toml").write_text("")
        projects = load_projects((tmp_path,), settings_loader(Overrides())).projects
        return analyse(next(one for one in projects if one.reported), watched=True)

    return of


def _class(analysis: Analysis, name: str) -> ClassState:
    [found] = state_map(analysis.machine).of(name)
    return found


def _held(state: ClassState, name: str) -> Held:
    [held] = next(part for part in state.parts if part.name == name).held
    return held


def _variables(held: Held) -> dict[str, tuple[str, tuple[int | None, ...] | None, str | None]]:
    return {part.name: (one.type, one.shape, one.dtype) for part in held.parts for one in part.held}


def test_variables_of_layers_with_shapes(analysed: Analysed) -> None:
    block = _class(analysed(PROGRAM), "Block")
    assert [part.name for part in block.parts] == ["linear", "norm", "dropout", "calls"]
    assert _variables(_held(block, "linear")) == {
        "bias": ("Param", (8,), "float32"),
        "kernel": ("Param", (8, 8), "float32"),
    }
    assert set(_variables(_held(block, "norm"))) == {"mean", "scale", "var"}
    assert block.totals.variables == (("Param", 3, 3), ("BatchStat", 2, 2), ("Count", 1, 1))
    assert block.totals.complete
    assert block.totals.streams == ("dropout",)


def test_variables_of_the_projects_own_type(analysed: Analysed) -> None:
    calls = _held(_class(analysed(PROGRAM), "Block"), "calls")
    assert (calls.kind, calls.type, calls.qualified, calls.base) == (
        Kind.VARIABLE,
        "Count",
        "program.Count",
        "flax.nnx.Variable",
    )
    assert (calls.shape, calls.dtype) == ((), "int32")


def test_inherited_attributes_name_their_class(analysed: Analysed) -> None:
    net = _class(analysed(PROGRAM), "Net")
    owners = {part.name: part.owner for part in net.parts}
    assert owners == dict.fromkeys(("scale", "rngs"), "program.Base") | dict.fromkeys(
        ("blocks", "heads", "cache"), "program.Net"
    )
    assert _held(net, "scale").shape == (8, 2)
    assert net.bases[0] == "program.Base"


def test_lists_dicts_and_state_of_helper_methods(analysed: Analysed) -> None:
    net = _class(analysed(PROGRAM), "Net")
    assert [part.held[0].type for part in _held(net, "blocks").parts] == ["Block", "Block"]
    assert {part.name for part in _held(net, "heads").parts} == {"a", "b"}
    assert (_held(net, "cache").shape, _held(net, "cache").dtype) == ((4, 4), "bfloat16")
    assert net.totals.variables == (("Param", 10, 10), ("BatchStat", 4, 4), ("Cache", 1, 1), ("Count", 2, 2))
    assert net.totals.complete


def test_an_rngs_that_is_kept_tells_its_streams(analysed: Analysed) -> None:
    rngs = _held(_class(analysed(PROGRAM), "Net"), "rngs")
    assert (rngs.kind, rngs.streams) == (Kind.RNGS, ("default", "dropout"))


def test_when_streams_are_drawn(analysed: Analysed) -> None:
    analysis = analysed(PROGRAM)
    block = {(draw.stream, draw.when): draw.by for draw in _class(analysis, "Block").draws}
    assert block == {
        ("dropout", When.TRAINING): ("Dropout",),
        ("params", When.CONSTRUCTION): ("Linear", "BatchNorm"),
    }
    net = {(draw.stream, draw.when): draw.by for draw in _class(analysis, "Net").draws}
    assert net["noise", When.CALL] == ("Net.__call__",)
    assert net["params", When.CONSTRUCTION] == ("Linear", "Base.__init__")


def test_flags_and_what_they_steer(analysed: Analysed) -> None:
    analysis = analysed(PROGRAM)
    [flag] = _class(analysis, "Block").flags
    assert (flag.name, flag.default, flag.asks_training, flag.steers) == ("train", "True", True, ("norm", "dropout"))
    [flag] = _class(analysis, "Net").flags
    assert (flag.name, flag.default, flag.steers) == ("train", "False", ("blocks",))


def test_who_changes_state(analysed: Analysed) -> None:
    analysis = analysed(PROGRAM)
    changes = {(change.attribute, change.by, change.how) for change in _class(analysis, "Block").changes}
    assert changes == {
        ("", "step", "optimizer"),
        ("calls", "Block.__call__", "assignment"),
        ("norm", "Block.__call__", "in training mode"),
    }
    assert {change.how for change in _class(analysis, "Net").changes} == {"optimizer"}


def test_calls_and_their_modes(analysed: Analysed) -> None:
    calls = [(call.by, call.mode) for call in _class(analysed(PROGRAM), "Net").calls]
    assert calls == [("loss", Mode.TRAINING), ("", Mode.EVALUATION)]


def test_nothing_is_told_of_a_project_that_was_not_watched(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    model = analyse(load_projects((path,), settings_loader(Overrides())).projects[0]).model(path.as_posix())
    assert model.state_map().classes == ()
    assert model.inlay_hints() == ()
    assert model.hover(PROGRAM.index("Block")) is None


@pytest.fixture
def hovered(analysed: Analysed, tmp_path: Path) -> Callable[[str], str]:
    """Give what shows the hover at the mark `|` in a text of the program."""

    def of(marked: str) -> str:
        offset = PROGRAM.index(marked.replace("|", "")) + marked.index("|")
        return analysed(PROGRAM).model((tmp_path / "program.py").as_posix()).hover(offset) or ""

    return of


@pytest.mark.parametrize(
    ("marked", "shown"),
    [
        ("class |Block", "module class `Block`: 3 Params, 2 BatchStats, 1 Count; streams `dropout`"),
        ("List([Bl|ock(", "module class `Block`: 3 Params"),
        ("y = n|et(", "`net`: `Net`, in evaluation mode here: 10 Params"),
        ("return mod|el(x", "`model`: `Net`, in training mode here"),
        ("self.li|near = ", "`linear`: Linear: 2 Params"),
        ("self.li|near(x)", "`linear`: Linear: 2 Params"),
        ("self.calls.value += 1".replace("calls", "cal|ls"), "- `calls` by an assignment in `Block.__call__` (line "),
        ("in self.bl|ocks", "`blocks`: list of 2 Block"),
        ("def __call__(se|lf, x, *", "`self`: `Block`"),
    ],
)
def test_hover(hovered: Callable[[str], str], marked: str, shown: str) -> None:
    assert shown in hovered(marked)


@pytest.mark.parametrize("marked", ["self.wi|dth = width", "import op|tax", "jnp.o|nes((1, 8)))\ny", "retu|rn model"])
def test_nothing_is_shown_where_there_is_no_state(hovered: Callable[[str], str], marked: str) -> None:
    assert hovered(marked) == ""


def test_inlay_hints(analysed: Analysed, tmp_path: Path) -> None:
    hints = analysed(PROGRAM).model((tmp_path / "program.py").as_posix()).inlay_hints()
    shown = {(PROGRAM[: hint.offset].rpartition("\n")[2].strip(), hint.text) for hint in hints}
    assert shown >= {
        ("self.linear", "Linear: 2 Params"),
        ("self.norm", "BatchNorm: 1 Param, 2 BatchStats"),
        ("self.dropout", "Dropout: stream dropout"),
        ("self.calls", "Count"),
        ("return model(x, train=True)", "training"),
        ("y = net(jnp.ones((1, 8)))", "evaluation"),
    }
    assert [hint.offset for hint in hints] == sorted(hint.offset for hint in hints)
