"""The runtime companion: fixes proved, tested or refuted by running the models on JAX, in child processes."""
