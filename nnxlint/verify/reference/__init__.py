"""Models of the kinds people build, each with what it takes to train and to evaluate it rightly.

Every module has the same names: `BATCH` (shape, data type and, for integers, the bound of each array of a batch),
`OUTPUTS` (the width of what the model gives), `create(rngs)`, `example_batch()`, `loss(model, batch)`,
`make_optimizer(model)`, `train_step(model, optimizer, batch)` and `eval_step(model, batch)`. They are ordinary
programs and import nothing of nnxlint: the rule programs are copied together with them, as the package `reference`.
"""
