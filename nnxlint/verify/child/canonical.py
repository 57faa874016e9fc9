"""The canonical form of a jaxpr: a digest for each output, equal for computations that are only written otherwise.

Values are numbered from the inputs by what computes them, so names, order, repeated and unused equations do not count.
`jit` is inlined; what it donates and how it shards is kept. Bodies of loops and branches see closed-over values by
their numbers, not by their positions. Sums and products of two commute, which is exact; nothing else is rearranged.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var

from nnxlint.verify.child.fingerprint import OpaqueError, array_text, fingerprint
from nnxlint.verify.child.parameters import OUTSIDE, parameter_text
from nnxlint.verify.child.trace import Trace, cut_down

Environment = dict[Var, str]

CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "custom_lin"})
COMMUTATIVE = frozenset({"add", "add_any", "mul", "and", "or", "xor", "eq", "ne"})
RULES = ("jvp_jaxpr_fun", "jvp_jaxpr_thunk", "fwd_jaxpr_thunk", "bwd")


@dataclass(frozen=True, slots=True)
class Form:
    """What an observation computes: a digest by the name of each output, and what is donated or sharded on the way.

    `problems`: why equal digests would prove nothing. `hash` stands for all of it.
    """

    outputs: Mapping[str, str]
    marks: frozenset[str]
    problems: tuple[str, ...]

    @property
    def hash(self) -> str:
        """One text for the whole form."""
        return _digest(*(f"{name}={value}" for name, value in sorted(self.outputs.items())), *sorted(self.marks))


def canonical(trace: Trace, *, masked: bool = False) -> Form:
    """The canonical form of a trace; `masked`: with all constants taken for equal."""
    closed = cut_down(trace, trace.outputs).closed
    numbering = _Numbering(masked)
    if closed.effects:
        numbering.problems.append("the program has effects besides its results")
    inputs = [_digest("input", name, _type(var)) for name, var in zip(trace.inputs, closed.jaxpr.invars, strict=True)]
    values = numbering.run(closed, inputs)
    outputs = {
        name: _digest(value, str(_aval(out).weak_type))
        for name, value, out in zip(trace.outputs, values, closed.jaxpr.outvars, strict=True)
    }
    return Form(outputs, frozenset(numbering.marks), tuple(dict.fromkeys(numbering.problems)))


@dataclass(frozen=True, slots=True)
class _Numbering:
    """Gives values their numbers; `depth` of the loops around tells their variables apart."""

    masked: bool
    depth: int = 0
    marks: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def run(self, closed: ClosedJaxpr, inputs: Sequence[str]) -> list[str]:
        """The numbers of what a jaxpr gives for inputs with these numbers."""
        jaxpr = closed.jaxpr
        values: Environment = dict(zip(jaxpr.invars, inputs, strict=True))
        values.update(zip(jaxpr.constvars, (self._constant(each) for each in closed.consts), strict=True))
        for equation in jaxpr.eqns:
            operands = [self._atom(atom, values) for atom in equation.invars]
            values.update(zip(equation.outvars, self._equation(equation, operands), strict=True))
        return [self._atom(atom, values) for atom in jaxpr.outvars]

    def _atom(self, atom: Literal | Var, values: Environment) -> str:
        if isinstance(atom, Literal):
            return self._constant(np.asarray(atom.val, _aval(atom).dtype))
        return values[atom]

    def _constant(self, value: Any) -> str:  # noqa: ANN401 - an array, a key or a number
        if self.masked:
            return _digest("constant", str(np.shape(value)))
        return _digest("constant", array_text(value if isinstance(value, jax.Array) else np.asarray(value)))

    def _equation(self, equation: JaxprEqn, operands: list[str]) -> list[str]:
        name = equation.primitive.name
        try:
            if name in CALLS:
                return self._call(equation, operands)
            if _is_identity(equation):
                return operands
            special = getattr(self, f"_{name}", None) if name in {"scan", "while", "cond"} else None
            if special is not None:
                return [_digest(each) for each in special(equation.params, operands)]
            return self._plain(equation, operands)
        except OpaqueError as error:
            self.problems.append(f"`{name}` has {error}" if "`" not in str(error) else str(error))
            return [_digest("unknown", name, str(number), *operands) for number in range(len(equation.outvars))]

    def _call(self, equation: JaxprEqn, operands: list[str]) -> list[str]:
        """Inline a call; what it donates and shards stays as marks."""
        params = equation.params
        inner: Any = params.get("jaxpr", params.get("call_jaxpr"))
        shardings = zip(operands, params.get("in_shardings", ()), params.get("donated_invars", ()), strict=False)
        for operand, sharding, donated in shardings:
            if donated:
                self.marks.add(f"donated {operand}")
            if type(sharding).__name__ != "UnspecifiedValue":
                self.marks.add(f"sharded {_digest(operand, parameter_text(sharding, self._inner))}")
        results = self.run(_closed(inner), operands)
        for result, sharding in zip(results, params.get("out_shardings", ()), strict=False):
            if type(sharding).__name__ != "UnspecifiedValue":
                self.marks.add(f"sharded {_digest(result, parameter_text(sharding, self._inner))}")
        if params.get("compiler_options_kvs"):
            self.marks.add(f"compiled {params['compiler_options_kvs']}")
        if getattr(params.get("ctx_mesh"), "shape", None):
            self.marks.add(f"sharded {params['ctx_mesh']}")
        return results

    def _plain(self, equation: JaxprEqn, operands: list[str]) -> list[str]:
        """Any other primitive: its name, its parameters and its operands."""
        name, params = equation.primitive.name, dict(equation.params)
        if name in OUTSIDE:
            message = f"`{name}` runs what cannot be seen"
            raise OpaqueError(message)
        if name in COMMUTATIVE:
            operands = sorted(operands)
        if name.startswith(("custom_jvp_call", "custom_vjp_call")):
            inner = params.pop("call_jaxpr", None) or params.pop("fun_jaxpr")
            rules = [fingerprint(params.pop(rule)) for rule in RULES if rule in params]
            params = {key: params[key] for key in params if key == "symbolic_zeros"}
            operands = [*self.run(inner, operands), *rules, *operands]
        elif isinstance(params.get("jaxpr"), Jaxpr) and len(params["jaxpr"].invars) == len(operands):
            operands = [*self.run(_closed(params.pop("jaxpr")), operands), *operands]
        text = parameter_text(
            {key: value for key, value in params.items() if key != "name" or name == "name"}, self._inner
        )
        types = [_type(var) for var in equation.outvars]
        return [_digest(name, str(number), text, kind, *operands) for number, kind in enumerate(types)]

    def _inner(self, closed: ClosedJaxpr) -> str:
        """The text of a jaxpr that is a parameter, with its inputs by position."""
        inside = self._deeper()
        inputs = [
            _digest("argument", str(self.depth), str(at), _type(var)) for at, var in enumerate(closed.jaxpr.invars)
        ]
        return _digest("jaxpr", *inside.run(closed, inputs))

    def _scan(self, params: Mapping[str, Any], operands: list[str]) -> list[str]:
        consts, carries = _scanned(params)
        closed, inside = params["jaxpr"], self._deeper()
        initial, slices = operands[consts : consts + carries], operands[consts + carries :]
        inputs = [*operands[:consts], *self._slots(closed.jaxpr.invars[consts : consts + carries])]
        inputs += [_digest("slice", str(self.depth), each) for each in slices]
        results = inside.run(closed, inputs)
        known = {"jaxpr", "num_consts", "num_carry", "ft_in", "ft_out", "linear", "_split_transpose"}
        rest = parameter_text({key: value for key, value in params.items() if key not in known}, self._inner)
        head = _digest("scan", rest, *initial, *results[:carries])
        carried = [_digest("carried", str(number), head) for number in range(carries)]
        return carried + [_digest("stacked", head, each) for each in results[carries:]]

    def _while(self, params: Mapping[str, Any], operands: list[str]) -> list[str]:
        tests, bodies = params["cond_nconsts"], params["body_nconsts"]
        inside, initial = self._deeper(), operands[tests + bodies :]
        slots = self._slots(params["body_jaxpr"].jaxpr.invars[bodies:])
        test = inside.run(params["cond_jaxpr"], [*operands[:tests], *slots])
        body = inside.run(params["body_jaxpr"], [*operands[tests : tests + bodies], *slots])
        head = _digest("while", *test, *body, *initial)
        return [_digest("carried", str(number), head) for number in range(len(initial))]

    def _cond(self, params: Mapping[str, Any], operands: list[str]) -> list[str]:
        branches = [self.run(branch, operands[1:]) for branch in params["branches"]]
        rest = parameter_text({key: value for key, value in params.items() if key != "branches"}, self._inner)
        return [_digest("cond", rest, operands[0], *results) for results in zip(*branches, strict=True)]

    def _slots(self, variables: Sequence[Var]) -> list[str]:
        return [_digest("slot", str(self.depth), str(at), _type(var)) for at, var in enumerate(variables)]

    def _deeper(self) -> "_Numbering":
        return _Numbering(self.masked, self.depth + 1, self.marks, self.problems)


def _closed(jaxpr: ClosedJaxpr | Jaxpr) -> ClosedJaxpr:
    """Close a jaxpr that has no constants; since JAX 0.11 all are closed."""
    return jaxpr if isinstance(jaxpr, ClosedJaxpr) else ClosedJaxpr(jaxpr, ())


def _scanned(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many of the operands of a scan are constants, and how many are carried."""
    if "ft_in" in params:  # since JAX 0.11
        consts, carries, _ = params["ft_in"].unpack()
        return len(consts), len(carries)
    return params["num_consts"], params["num_carry"]


def _is_identity(equation: JaxprEqn) -> bool:
    """Whether an equation only hands its operand on."""
    name = equation.primitive.name
    if name == "convert_element_type":
        same = _aval(equation.invars[0]).dtype == _aval(equation.outvars[0]).dtype
        return same and equation.params.get("sharding") is None
    return name in {"copy", "copy_p"}


def _aval(atom: Any) -> Any:  # noqa: ANN401 - jax's own types
    return atom.aval


def _type(var: Var) -> str:
    aval = _aval(var)
    return f"{getattr(aval, 'dtype', aval)}{list(getattr(aval, 'shape', ()))}"


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
