"""What runs in a child process: programs are loaded, traced and run here, and nowhere else.

The only modules of nnxlint that import jax and flax. Nobody imports them: the parent starts `python -m
nnxlint.verify.child`, sends jobs and reads answers (`nnxlint.verify.protocol`).
"""
