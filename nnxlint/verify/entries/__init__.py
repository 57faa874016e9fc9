"""The user's own code: what calls the code that a fix changes, with which arguments, and what came of it."""
