"""What the libraries do to abstract values: `flax.nnx` first, then what is commonly used around it."""
