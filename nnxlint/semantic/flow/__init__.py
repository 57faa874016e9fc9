"""Flow-sensitive interpretation of the linted program over abstract values."""
