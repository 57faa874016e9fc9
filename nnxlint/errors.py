"""The user's mistakes: one clear line each, and the exit status that goes with it."""


class NnxlintError(Exception):
    """A mistake of the user's; the message is one line that says what to do."""

    exit_code = 2


class EditConflictError(Exception):
    """Edits of one fix overlap, or an edit lies outside the text: a defect of ours, never the user's."""
