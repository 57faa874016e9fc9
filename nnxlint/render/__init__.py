"""How reports look: one function a format, and nothing else."""
