"""Which Flax the files of one directory ask for: locked by a tool, or pinned by hand.

Reads leniently: a file that is broken, or says something unheard of, says nothing here.
"""

import ast
import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
_LOCKED_NAME = re.compile(r"^\[\[packages?\]\](?:(?!^\[).)*?^name = \"flax\"$", re.MULTILINE | re.DOTALL)
_LOCKED_VERSION = re.compile(r"^version = \"([^\"]+)\"$", re.MULTILINE)
_FLAX = re.compile(r"flax(?![\w.-])", re.IGNORECASE)
_CONDA = re.compile(r"^\s*-\s*[\"']?(?:[\w-]+::)?flax\s*(?![\w-])([^\"'#\n]*)", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_INCLUDES = ("-r", "-c", "--requirement", "--constraint")
_VCS_TAG = re.compile(r"@v?(\d+(?:\.\d+)+)(?:#|$)")


@dataclass(frozen=True, slots=True)
class Pin:
    """A requirement on Flax, and the file that states it."""

    specifiers: SpecifierSet
    path: Path


def locked_flax(directory: Path) -> tuple[Version, Path] | None:
    """Find the Flax that a lock file of the directory fixes: the newest where it fixes several."""
    for name in (*_LOCKS, "Pipfile.lock"):
        path = directory / name
        text = _read(path)
        versions = [*map(_version, _pipfile_lock(text) if name == "Pipfile.lock" else _lock(text))]
        known = [version for version in versions if version is not None]
        if known:
            return max(known), path
    return None


def pinned_flax(directory: Path) -> Iterator[Pin]:
    """Find what the files of the directory require of Flax, the most telling first."""
    yield from _pins(directory / "pyproject.toml", _pyproject)
    yield from _pins(directory / "setup.cfg", _setup_cfg)
    yield from _pins(directory / "setup.py", _setup_py)
    plain = sorted(directory.glob("requirements*.txt"), key=lambda path: (len(path.name), path.name))
    for path in (*plain, *sorted(directory.glob("requirements/*.txt"))):
        yield from (Pin(specifiers, path) for line in _lines(path, {path}) for specifiers in _specifiers(line))
    for path in sorted((*directory.glob("environment*.y*ml"), *directory.glob("conda*.y*ml"))):
        yield from (Pin(specifiers, path) for specifiers in _conda(_read(path)))


def _pins(path: Path, read: Callable[[str], Iterable[str]]) -> Iterator[Pin]:
    for requirement in read(_read(path)):
        yield from (Pin(specifiers, path) for specifiers in _specifiers(requirement))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _lock(text: str) -> Iterator[str]:
    # Lock files are large and always written by a tool, line by line: searching them is a hundred times
    # quicker than parsing TOML.
    for found in _LOCKED_NAME.finditer(text):
        block = text[found.start() : text.find("\n[", found.end()) % (len(text) + 1)]
        yield from _LOCKED_VERSION.findall(block)


def _pipfile_lock(text: str) -> Iterator[str]:
    try:
        document: object = json.loads(text)
    except ValueError:
        return
    for section in ("default", "develop"):
        version = _at(document, section, "flax", "version")
        if isinstance(version, str):
            yield version.removeprefix("==")


def _pyproject(text: str) -> Iterator[str]:
    try:
        document: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    if _at(document, "project", "name") == "flax":  # Flax itself: it needs the newest of its kind
        yield "flax"
        return
    yield from _strings(_at(document, "project", "dependencies"))
    yield from _poetry(_at(document, "tool", "poetry", "dependencies"))
    for groups in (_at(document, "project", "optional-dependencies"), _at(document, "dependency-groups")):
        for group in _mapping(groups).values():
            yield from _strings(group)
    for group in _mapping(_at(document, "tool", "poetry", "group")).values():
        yield from _poetry(_at(group, "dependencies"))
    yield from _poetry(_at(document, "tool", "poetry", "dev-dependencies"))
    yield from _strings(_at(document, "tool", "uv", "dev-dependencies"))


def _poetry(dependencies: object) -> Iterator[str]:
    """Give Poetry's constraints on Flax in the words of PEP 508."""
    for name, constraint in _mapping(dependencies).items():
        version = _at(constraint, "version") if isinstance(constraint, dict) else constraint
        if name.lower() == "flax" and isinstance(version, str):
            yield f"flax{','.join(map(_poetry_constraint, version.split(',')))}"


def _poetry_constraint(written: str) -> str:
    text = written.strip()
    if text in {"*", ""}:
        return ">=0"
    if text[0] in "^~" and not text.startswith("~="):
        return _caret(text)
    return text if text[0] in "<>=!~" else f"=={text}"


def _caret(text: str) -> str:
    """`^0.10.2` and `~0.10.2` allow what keeps the first part that is not 0, or the first two."""
    lower = _version(text[1:])
    if lower is None:
        return ">=0"
    release = list(lower.release)
    kept = next((at for at, part in enumerate(release) if part), 0) if text[0] == "^" else min(1, len(release) - 1)
    upper = [*release[:kept], release[kept] + 1]
    return f">={lower},<{'.'.join(map(str, upper))}"


def _setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in ("options", "options.extras_require"):
        if parser.has_section(section):
            for name, value in parser.items(section):
                if name == "install_requires" or section != "options":
                    yield from value.splitlines()


def _setup_py(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _lines(path: Path, seen: set[Path]) -> Iterator[str]:
    """Give the lines of a requirements file and of those that it includes."""
    for line in _read(path).splitlines():
        words = line.partition("#")[0].replace("=", " ", 1).split() if line.startswith("-") else []
        if len(words) > 1 and words[0] in _INCLUDES:
            included = path.parent / words[1]
            if included not in seen:
                seen.add(included)
                yield from _lines(included, seen)
        else:
            yield _COMMENT.sub("", line).removesuffix("\\").strip()


def _conda(text: str) -> Iterator[SpecifierSet]:
    for found in _CONDA.findall(text):
        constraint = found.split()[0] if found.split() else ""
        if re.match(r"=\d", constraint):  # conda's `=0.10` means 0.10 and all its patches
            constraint = f"=={constraint[1:]}.*" if constraint.count(".") == 1 else f"={constraint}"
        yield from _specifiers(f"flax{constraint}")


def _specifiers(requirement: str) -> Iterator[SpecifierSet]:
    """Give what the requirement asks of Flax, when it speaks of Flax at all."""
    text = requirement.split(" --hash", maxsplit=1)[0].strip()
    if not _FLAX.match(text):
        return
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        return
    tag = _VCS_TAG.search(parsed.url) if parsed.url else None
    yield SpecifierSet(f"=={tag.group(1)}") if tag else parsed.specifier


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _at(document: object, *keys: str) -> object:
    for key in keys:
        document = _mapping(document).get(key)
    return document


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
