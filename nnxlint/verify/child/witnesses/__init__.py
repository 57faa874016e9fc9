"""Witnesses: properties of a running program, by the names that the rules' contracts use."""

from collections.abc import Mapping

from nnxlint.verify.child.witnesses.base import Witness

WITNESSES: Mapping[str, Witness] = {}
