"""Acme's own rules for nnxlint: one module a rule."""
