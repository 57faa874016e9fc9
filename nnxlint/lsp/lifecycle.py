"""The beginning of a session, and what it is told later of settings, folders and files."""

import asyncio
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import cast

from lsprotocol import types
from pygls import uris

from nnxlint.lsp.client import client_of
from nnxlint.lsp.preferences import read_preferences
from nnxlint.lsp.session import Session

_SECTION = "nnxlint"
_CODE = (".py", ".ipynb")
# What decides about settings, the targeted Flax, the roots of imports and the files that are left out.
_DECIDING = (
    "pyproject.toml",
    "nnxlint.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "requirements*.txt",
    "setup.{py,cfg}",
    ".gitignore",
)


class Lifecycle:
    """Prepares the session, and has all looked at anew when that is due."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()

    def initialize(self, params: types.InitializeParams) -> None:
        """Learn what the editor can do, and where it works."""
        session = self._session
        session.client = client_of(params.capabilities)
        session.files.encoding = types.PositionEncodingKind(session.server.protocol.workspace.position_encoding)
        folders = list(params.workspace_folders or ())
        if not folders:
            root = params.root_uri or (uris.from_fs_path(params.root_path) if params.root_path else None)
            folders = [types.WorkspaceFolder(root, "root")] if root else []
        session.open_folders(folders)
        self._prefer(params.initialization_options)

    def initialized(self, _: types.InitializedParams) -> None:
        """Begin to look, and have the editor tell of changes."""
        self._session.look()
        self._register()
        if self._session.client.gives_settings:
            self._later(self._fetched())
        if self._session.client.shows_progress:
            self._later(self._shown())

    def configure(self, params: types.DidChangeConfigurationParams) -> None:
        """Take new settings; an editor that sends none wants to be asked."""
        if self._session.client.gives_settings:
            self._later(self._fetched())
        elif params.settings:
            self._adopt(params.settings)

    def change_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """Look at other folders."""
        for each in params.event.removed:
            self._session.folders.pop(each.uri, None)
        self._session.open_folders(list(params.event.added))
        self._session.look()

    def watched(self, params: types.DidChangeWatchedFilesParams) -> None:
        """Take note of files that changed on disk; of one that is open, the editor's text holds."""
        session = self._session
        reload = False
        for each in params.changes:
            path = uris.to_fs_path(each.uri)
            if path is None:
                continue
            if not path.endswith(_CODE):
                reload = True
            elif Path(path).as_posix() not in session.files.by_path:
                session.on_disk(Path(path).as_posix())
        if reload:
            session.look()

    def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        """Take note of a saved file that decides about others, where the editor does not watch files."""
        name = (uris.to_fs_path(params.text_document.uri) or "").rpartition("/")[2]
        if not self._session.client.watches_files and not name.endswith(_CODE):
            self._session.look()

    def _register(self) -> None:
        """Ask to be told of changed files and settings, where the editor has to be asked."""
        client = self._session.client
        wanted: list[types.Registration] = []
        if client.watches_files:
            patterns = (*(f"**/{name}" for name in _DECIDING), "**/*.{py,ipynb}")
            watchers = [types.FileSystemWatcher(pattern) for pattern in patterns]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            wanted.append(types.Registration("nnxlint-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
        if client.announces_settings:
            section = types.DidChangeConfigurationRegistrationOptions(_SECTION)
            wanted.append(types.Registration("nnxlint-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
        if wanted:
            self._session.server.client_register_capability(types.RegistrationParams(wanted))

    def _later(self, action: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(action)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _shown(self) -> None:
        """Show how far the first look at all files is."""
        token = str(uuid.uuid4())
        await self._session.server.work_done_progress.create_async(token)
        async with self._session.progress(token, "nnxlint: looking at the workspace"):
            await self._session.looked_at_all()

    async def _fetched(self) -> None:
        item = types.ConfigurationItem(section=_SECTION)
        server = self._session.server
        try:
            given = await server.workspace_configuration_async(types.ConfigurationParams([item]))
        except Exception as error:  # noqa: BLE001 - an editor that answers with an error keeps the settings that it sent
            self._session.note(f"the editor gave no settings: {error}", types.MessageType.Warning)
            return
        if given and given[0]:
            self._adopt(given[0])

    def _adopt(self, given: object) -> None:
        before = self._session.preferences
        self._prefer(given)
        if self._session.preferences != before:
            self._session.look()
            if self._session.client.refreshes_hints:
                self._session.server.workspace_inlay_hint_refresh(None)

    def _prefer(self, given: object) -> None:
        read = read_preferences(_plain(given))
        self._session.preferences = read.preferences
        for each in read.mistakes:
            self._session.note(each, types.MessageType.Warning)


def _plain(given: object) -> object:
    """Give what pygls made an object of as the mapping that was sent."""
    if isinstance(given, tuple) and hasattr(given, "_asdict"):
        return {key: _plain(value) for key, value in cast("dict[str, object]", given._asdict()).items()}
    return given
