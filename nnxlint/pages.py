"""What the help of the commands tells below their options: examples, exit statuses, environment."""

from nnxlint.manual import Page

NOTHING_FOUND = ("0", "Nothing was found, or nothing that counts.")
NOT_DONE = ("2", "The job could not be done: a line on standard error says why.")
INTERRUPTED = ("130", "Interrupted.")
COLOURS = (
    ("NO_COLOR", "Anything but empty: never write in colour."),
    ("FORCE_COLOR", "Anything but empty or 0: write in colour even where no terminal is."),
)
CACHE_HOME = ("XDG_CACHE_HOME", "Where results are kept of code outside of any project; by default ~/.cache.")


CLI = Page(
    examples=(
        ("nnxlint src/", "Lint a folder; the word `check` may be left out."),
        ("nnxlint check --fix src/", "Apply the fixes that keep the results of programs that ran."),
        ("nnxlint rule NNX102", "Read what a rule finds, and why that is bad."),
        ("nnxlint why src/train.py:31", "See what is known of the objects on a line."),
        ("nnxlint state src/", "See which state the module classes hold, and who changes it."),
    ),
    statuses=(
        ("0", "Nothing was found."),
        ("1", "Something was found."),
        NOT_DONE,
        INTERRUPTED,
    ),
    environment=COLOURS,
)

SERVICES = (
    ("GITHUB_WORKSPACE", "Set by CI services: where the paths start in formats that they read;"),
    ("CI_PROJECT_DIR", "the same on GitLab,"),
    ("BUILD_SOURCESDIRECTORY", "and on Azure Pipelines."),
)

CHECK = Page(
    examples=(
        ("nnxlint check", "Lint the current folder and all below it."),
        ("nnxlint check --select NNX1,save-module-object src/", "Run the rules on modes, and one more, by its name."),
        ("nnxlint check --write-baseline src/", "Make all that is found known; from then on --baseline leaves it out."),
        ("nnxlint check --diff-base origin/main src/", "Report what touches lines that the branch has changed."),
        (
            "nnxlint check --output-format concise --output-format sarif:found.sarif src/",
            "Write one line a finding, and a file for code scanning.",
        ),
        ("nnxlint check --add-ignore='see #12' src/", "Silence all that is found, by comments that tell why."),
        ("nnxlint check --watch src/", "Lint again whenever a file changes, until Ctrl-C."),
        ("nnxlint check --diff --unsafe-fixes src/", "See what fixing everything would change."),
        ("nnxlint check --stdin-filename src/train.py - < buffer", "Lint a text as if it were that file."),
    ),
    statuses=(
        NOTHING_FOUND,
        (
            "1",
            "Something was found, or is left by --fix, or differs with --diff; or a baseline holds what is gone.",
        ),
        NOT_DONE,
        INTERRUPTED,
    ),
    environment=(*COLOURS, CACHE_HOME, *SERVICES),
)

VERIFY = Page(
    examples=(
        ("nnxlint verify src/", "Say of every fix in the code whether it holds."),
        ("nnxlint verify --rules NNX102", "Show on reference models that a rule's fix keeps its promise."),
        ("nnxlint verify --replay certificate.json", "Repeat a verdict."),
    ),
    statuses=(
        ("0", "All that was run holds."),
        ("1", "Something does not."),
        NOT_DONE,
        INTERRUPTED,
    ),
    environment=(*COLOURS, CACHE_HOME),
)

RULE = Page(examples=(("nnxlint rule NNX206", "By its code."), ("nnxlint rule eval-mode-not-set", "By its name.")))

WHY = Page(
    examples=(
        ("nnxlint why src/train.py:31", "A line of a file."),
        ("nnxlint why 'notebook.ipynb:cell 3:12'", "A line of a notebook's cell."),
    )
)

STATE = Page(
    examples=(
        ("nnxlint state", "All module classes below the current folder."),
        ("nnxlint state --depth 0 src/", "One line a class."),
        ("nnxlint state --class Encoder --depth 3 src/", "One class, with what its modules hold."),
        ("nnxlint state --output-format json src/", "For programs."),
    ),
    statuses=(("0", "The map was written."), NOT_DONE, INTERRUPTED),
    environment=COLOURS,
)

CONFIG = Page(
    examples=(
        ("nnxlint config", "All settings."),
        ("nnxlint config per-file-ignores", "One of them."),
        ("nnxlint config --schema > nnxlint.schema.json", "Their JSON Schema, for editors."),
    )
)

SERVER = Page(
    examples=(("nnxlint server", "What an editor starts; docs/editors.md has the settings of editors."),),
    statuses=(
        ("0", "The editor ended the session."),
        ("1", "It was gone without a word."),
        ("2", "The server could not start: a line on standard error says why."),
    ),
)

COMPLETION = Page(
    examples=(
        (
            "nnxlint completion bash > ~/.local/share/bash-completion/completions/nnxlint",
            "In bash, from the next shell on.",
        ),
        ("nnxlint completion zsh > ~/.zfunc/_nnxlint", "In zsh, if ~/.zfunc stands in its fpath before compinit."),
        ("nnxlint completion fish > ~/.config/fish/completions/nnxlint.fish", "In fish."),
    )
)
