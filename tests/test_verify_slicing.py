"""Modules cut down to what some of their statements need."""

import ast
import textwrap

import pytest

from nnxlint.verify.child.slicing import reduced
from nnxlint.verify.protocol import SCRIPT


def _reduced(text: str, marker: str = "# here") -> str:
    """The module cut down to what the marked rows need, as Python writes it."""
    text = textwrap.dedent(text)
    rows = [row for row, line in enumerate(text.splitlines(), start=1) if marker in line]
    module = reduced(ast.parse(text), rows)
    compile(module, "module", "exec")
    return ast.unparse(module)


SCRIPT_TEXT = """
    parser = ArgumentParser()
    parser.add_argument("--rate")
    rate = parser.parse_args().rate
    data = load("mnist")
    settings = {"depth": 2}
    settings["width"] = 4
    show(data)
    model = make(settings)
    optimizer = Optimizer(model, rate)  # here
    for batch in data:
        step(batch)
"""


def test_a_script_keeps_what_the_statement_needs() -> None:
    found = _reduced(SCRIPT_TEXT)

    assert f"def {SCRIPT}():" in found
    assert "global model, optimizer, parser, rate" in found
    kept = ["ArgumentParser()", "add_argument", "parse_args", "make(settings)", "Optimizer(model, rate)"]
    assert all(each in found for each in kept)
    assert "['width'] = 4" in found
    assert not any(each in found for each in ("load", "show", "step"))


def test_rows_stay_what_they_were() -> None:
    text = textwrap.dedent(SCRIPT_TEXT)
    row = next(row for row, line in enumerate(text.splitlines(), start=1) if "# here" in line)

    module = reduced(ast.parse(text), [row])

    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Optimizer"]
    assert [call.lineno for call in calls] == [row]


def test_a_function_runs_first_what_it_needs_of_the_script() -> None:
    found = _reduced(
        """
        def train(path):
            text = open(path).read()
            model = make(WIDTH)
            if len(text) > 3:
                print(text)
                rule = sgd(rate)
                optimizer = Optimizer(model, rule)  # here
            else:
                optimizer = None
            return run(optimizer, text)

        WIDTH = 4
        rate = ask_for_rate()
        other = ask_for_rate()
        """
    )

    assert "rate = ask_for_rate()" in found
    assert "other" not in found
    body = found.partition("def train(path):")[2]
    assert [line.strip() for line in body.splitlines() if line.strip()] == [
        f"{SCRIPT}()",
        "model = make(WIDTH)",
        "rule = sgd(rate)",
        "optimizer = Optimizer(model, rule)",
    ]


@pytest.mark.parametrize("head", ['if __name__ == "__main__":', "if ready():"])
def test_the_branch_of_a_condition_is_run(head: str) -> None:
    found = _reduced(f"{head}\n    model = make()\n    use(1)\n    opt = Optimizer(model)  # here\n")

    assert "if " not in found
    assert "model = make()" in found
    assert "use" not in found


def test_loops_keep_their_heads_and_methods_their_classes() -> None:
    found = _reduced(
        """
        class Trainer:
            rate = 1

            def fit(self, batches):
                log("begin")
                for batch in batches:
                    grads = slope(batch)
                    log(grads)
                    self.optimizer.update(grads)  # here
        """
    )

    assert "class Trainer:" in found
    assert "rate = 1" in found
    assert "for batch in batches:" in found
    assert "log" not in found


def test_what_has_no_such_rows_is_left_alone() -> None:
    tree = ast.parse("x = load()\n")

    assert reduced(tree, []) is tree
    assert reduced(tree, [7]) is tree
