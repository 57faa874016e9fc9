"""What NNX code means: names resolved over files, objects followed through calls, modes along every path."""
