"""Witnesses: properties of a running program, by the names that the rules' contracts use."""

from collections.abc import Mapping

from nnxlint.verify.child.witnesses.base import Witness
from nnxlint.verify.child.witnesses.drawing import modules_differ, streams_differ
from nnxlint.verify.child.witnesses.evaluating import eval_repeatable
from nnxlint.verify.child.witnesses.frames import graph_structure, same_numbers
from nnxlint.verify.child.witnesses.keeping import rest_holds_no_params
from nnxlint.verify.child.witnesses.raising import raises_nothing
from nnxlint.verify.child.witnesses.saving import checkpoint_restores_into_state, file_holds_the_arrays
from nnxlint.verify.child.witnesses.training import every_param_moves, optimizer_leaves_it, weight_is_trained

WITNESSES: Mapping[str, Witness] = {
    "checkpoint-restores-into-state": checkpoint_restores_into_state,
    "eval-repeatable": eval_repeatable,
    "every-param-moves": every_param_moves,
    "file-holds-the-arrays": file_holds_the_arrays,
    "modules-differ": modules_differ,
    "optimizer-leaves-it": optimizer_leaves_it,
    "raises-nothing": raises_nothing,
    "rest-holds-no-params": rest_holds_no_params,
    "streams-differ": streams_differ,
    "weight-is-trained": weight_is_trained,
    # frames: what two programs have in common
    "forward-program": same_numbers,
    "graph-structure": graph_structure,
    "program-outputs": same_numbers,
    "trained-params": same_numbers,
}
