"""A client for the tests of the server: a project on disk, the server started over it, and what it says kept."""

import asyncio
import copy
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client

SERVER = (sys.executable, "-m", "nnxlint", "server")
PATIENCE = 30.0

# A module whose optimizer lacks an argument: NNX206, with a safe fix.
BAD = """\
import optax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.layer = nnx.Linear(2, 2, rngs=rngs)

    def __call__(self, x):
        return self.layer(x)


net = Net(rngs=nnx.Rngs(0))
optimizer = nnx.Optimizer(net, optax.adam(1e-3))
"""
GOOD = BAD.replace("optax.adam(1e-3))", "optax.adam(1e-3), wrt=nnx.Param)")
SETTINGS = '[tool.nnxlint]\nflax-version = "0.12.0"\n'

PUSHED = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
            related_information=True,
            code_description_support=True,
            version_support=True,
            tag_support=types.ClientDiagnosticsTagOptions([types.DiagnosticTag.Unnecessary]),
        ),
        code_action=types.CodeActionClientCapabilities(
            code_action_literal_support=types.ClientCodeActionLiteralOptions(types.ClientCodeActionKindOptions([])),
            data_support=True,
            resolve_support=types.ClientCodeActionResolveOptions(["edit"]),
            is_preferred_support=True,
        ),
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
    ),
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
    ),
    window=types.WindowClientCapabilities(
        work_done_progress=True, show_document=types.ShowDocumentClientCapabilities(support=True)
    ),
    notebook_document=types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities()),
)


def with_pulling(capabilities: types.ClientCapabilities) -> types.ClientCapabilities:
    """Give the capabilities of an editor that asks for what is found."""
    made = copy.deepcopy(capabilities)
    assert made.text_document is not None
    assert made.workspace is not None
    made.text_document.diagnostic = types.DiagnosticClientCapabilities()
    made.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    return made


def with_encoding(capabilities: types.ClientCapabilities, *encodings: str) -> types.ClientCapabilities:
    """Give the capabilities of an editor that counts columns in these units."""
    made = copy.deepcopy(capabilities)
    made.general = types.GeneralClientCapabilities(position_encodings=list(encodings))
    return made


@dataclass(slots=True)
class Editor:
    """An editor that is open on a folder."""

    client: LanguageClient
    folder: Path
    result: types.InitializeResult
    registered: list[types.Registration]
    partial: list[object]
    versions: dict[str, int] = field(default_factory=dict)

    def uri(self, name: str) -> str:
        """Give the URI of a file of the folder."""
        return (self.folder / name).as_uri()

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def open(self, name: str, text: str | None = None) -> str:
        """Open a file, with another text than that on disk where one is given; its URI."""
        uri = self.uri(name)
        content = (self.folder / name).read_text(encoding="utf-8") if text is None else text
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, "python" if name.endswith(".py") else "toml", 1, content)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, name: str, *changes: types.TextDocumentContentChangeEvent | str) -> int:
        """Change an open file, by a whole text or by ranges; the new version."""
        uri = self.uri(name)
        self.versions[uri] += 1
        identity = types.VersionedTextDocumentIdentifier(uri=uri, version=self.versions[uri])
        events = [
            types.TextDocumentContentChangeWholeDocument(each) if isinstance(each, str) else each for each in changes
        ]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identity, events))
        return self.versions[uri]

    def close(self, name: str) -> None:
        """Close a file."""
        identity = types.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(identity))

    def watched(self, *names: str, kind: types.FileChangeType = types.FileChangeType.Changed) -> None:
        """Tell that files have changed on disk."""
        events = [types.FileEvent(self.uri(name), kind) for name in names]
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))

    def progress(self, title: str) -> list[dict[str, object]]:
        """Give what was told of a progress whose title begins like this."""
        told = [each for each in self.partial if isinstance(each, types.ProgressParams)]
        begun = [each.token for each in told if str(each.value.get("title", "")).startswith(title)]
        return [each.value for each in told if each.token in begun[-1:]]

    async def shows(self, uri: str, codes: Sequence[str]) -> Sequence[types.Diagnostic]:
        """Wait until exactly these codes are pushed for a document, and give what was."""
        return await self.pushed(uri, lambda found: codes_of(found) == list(codes))

    async def pushed(
        self, uri: str, ready: Callable[[Sequence[types.Diagnostic]], bool] = lambda _: True
    ) -> Sequence[types.Diagnostic]:
        """Wait until something that will do is pushed for a document."""
        await until(lambda: uri in self.client.diagnostics and ready(self.client.diagnostics[uri]))
        return self.client.diagnostics[uri]

    async def pull(self, uri: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
        """Ask what is found in a document."""
        identity = types.TextDocumentIdentifier(uri)
        params = types.DocumentDiagnosticParams(identity, previous_result_id=previous)
        return await asyncio.wait_for(self.client.text_document_diagnostic_async(params), PATIENCE)

    async def actions(self, uri: str, given: types.Range, only: Sequence[str] | None = None) -> list[types.CodeAction]:
        """Ask what can be done at a place."""
        context = types.CodeActionContext(diagnostics=[], only=list(only) if only is not None else None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), given, context)
        found = await asyncio.wait_for(self.client.text_document_code_action_async(params), PATIENCE)
        return [each for each in found or () if isinstance(each, types.CodeAction)]

    async def resolved(self, action: types.CodeAction) -> types.CodeAction:
        """Ask for the edits of an action."""
        return await asyncio.wait_for(self.client.code_action_resolve_async(action), PATIENCE)


@asynccontextmanager
async def editing(
    folder: Path,
    capabilities: types.ClientCapabilities = PUSHED,
    options: object = None,
    folders: Sequence[Path] | None = None,
) -> AsyncIterator[Editor]:
    """Start the server over a folder, and an editor that speaks to it; end both."""
    client = make_test_lsp_client()
    _read_actions_whole(client)
    registered: list[types.Registration] = []
    partial: list[object] = []
    client.protocol.fm.features.pop(types.PROGRESS)

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams) -> None:
        registered.extend(params.registrations)

    @client.feature(types.PROGRESS)
    def progress(params: types.ProgressParams) -> None:
        partial.append(params)

    await client.start_io(*SERVER, cwd=folder)
    try:
        result = await client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities,
                workspace_folders=[types.WorkspaceFolder(each.as_uri(), each.name) for each in folders or (folder,)],
                initialization_options=options,
            )
        )
        yield Editor(client, folder, result, registered, partial)
        await asyncio.wait_for(client.shutdown_session(), PATIENCE)
    finally:
        process = client._server
        if process is not None and process.returncode is None:
            process.kill()
        await client.stop()


def _read_actions_whole(client: LanguageClient) -> None:
    """Take an action that has a command for an action: lsprotocol takes it for the command alone."""
    converter = client.protocol._converter

    def read(given: dict[str, object], _: object) -> types.Command | types.CodeAction:
        kind = types.Command if isinstance(given.get("command"), str) else types.CodeAction
        made: types.Command | types.CodeAction = converter.structure(given, kind)
        return made

    converter.register_structure_hook(Union[types.Command, types.CodeAction], read)  # noqa: UP007 - as lsprotocol names it


async def until(ready: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience
    while not ready():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.02)


def codes_of(diagnostics: Sequence[types.Diagnostic]) -> list[object]:
    """Give the codes of what was found, in order."""
    return [each.code for each in diagnostics]


def project(folder: Path, **files: str) -> Path:
    """Write a project; names stand without `.py`."""
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def edited(text: str, edits: Sequence[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]) -> str:
    """Make edits whose columns count characters of the basic plane."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:row])) for row in range(len(lines) + 1)]
    for each in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        assert isinstance(each, types.TextEdit)
        start = starts[each.range.start.line] + each.range.start.character
        end = starts[each.range.end.line] + each.range.end.character
        text = text[:start] + each.new_text + text[end:]
    return text
