"""The reference models: they train, evaluate repeatably, and nnxlint has nothing to say of them."""

import importlib
from types import ModuleType

import pytest

from nnxlint.verify.programs import MODELS, REFERENCE, batch_of, lint_program

GUIDE = {"dense", "batch_norm", "dropout", "cnn"}
OTHERS = {"mlp", "resnet", "transformer", "rnn", "vae", "lora", "ensemble", "scanned", "gan", "actor_critic"}
NAMES = {"BATCH", "OUTPUTS", "create", "example_batch", "loss", "make_optimizer", "train_step", "eval_step"}
STEPS = 8
every_model = pytest.mark.parametrize("model", MODELS)


def reference(model: str) -> ModuleType:
    return importlib.import_module(f"nnxlint.verify.reference.{model}")


def test_every_kind_of_model_is_there() -> None:
    assert set(MODELS) == GUIDE | OTHERS


@every_model
def test_nnxlint_is_silent(model: str) -> None:
    files = {name: (REFERENCE / name).read_text(encoding="utf-8") for name in ("__init__.py", f"{model}.py")}

    report = lint_program({f"reference/{name}": text for name, text in files.items()})

    assert (report.diagnostics, report.fixed, report.failures, report.crashes) == ((), (), (), ())
    assert report.file_count == len(files)


@every_model
def test_the_batch_can_be_read_without_jax(model: str) -> None:
    batch = batch_of(model)

    assert "x" in batch
    for spec in batch.values():
        assert (spec.below is None) == (spec.dtype == "float32")


@pytest.mark.runtime
@every_model
def test_it_trains_and_evaluates_repeatably(model: str) -> None:
    import jax  # noqa: PLC0415 - only the tests that run models need it
    import jax.numpy as jnp  # noqa: PLC0415
    from flax import nnx  # noqa: PLC0415

    from nnxlint.verify.child.case import concrete_inputs  # noqa: PLC0415
    from nnxlint.verify.child.witnesses.stage import changed, numbers_in  # noqa: PLC0415
    from nnxlint.verify.protocol import Case  # noqa: PLC0415

    module = reference(model)
    assert set(vars(module)) >= NAMES
    batch = concrete_inputs(Case("batch", inputs=batch_of(model)), seed=0)
    assert {name: (each.shape, each.dtype) for name, each in batch.items()} == {
        name: (each.shape, each.dtype) for name, each in module.example_batch().items()
    }

    made = module.create(nnx.Rngs(0))
    optimizer = module.make_optimizer(made)
    losses = [float(module.train_step(made, optimizer, batch)) for _ in range(STEPS)]
    assert losses[-1] < losses[0]

    before = numbers_in({"model": made})
    first, second = (module.eval_step(made, batch) for _ in range(2))
    assert jnp.array_equal(first, second)
    assert first.shape[-1] == module.OUTPUTS
    assert changed(before, numbers_in({"model": made})) == []
    assert isinstance(jax.eval_shape(module.loss, made, module.example_batch()), jax.ShapeDtypeStruct)
