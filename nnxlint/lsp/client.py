"""What the editor can do, read once from what it said when it started the server."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.capabilities import get_capability


@dataclass(frozen=True, slots=True)
class Client:
    """The abilities of an editor that change what it is sent."""

    pulls: bool = False
    refreshes_diagnostics: bool = False
    refreshes_hints: bool = False
    relates: bool = False
    links_codes: bool = False
    tags: bool = False
    versions_edits: bool = False
    resolves_edits: bool = False
    shows_progress: bool = False
    shows_documents: bool = False
    watches_files: bool = False
    gives_settings: bool = False
    announces_settings: bool = False
    reads_markdown: bool = True


def client_of(given: types.ClientCapabilities) -> Client:
    """Read the capabilities of an editor."""

    def has(name: str) -> bool:
        return bool(get_capability(given, name, default=False))

    tags = get_capability(given, "text_document.publish_diagnostics.tag_support.value_set", default=()) or ()
    resolved = get_capability(given, "text_document.code_action.resolve_support.properties", default=()) or ()
    hover = get_capability(given, "text_document.hover.content_format", default=()) or ()
    pulls = given.text_document is not None and given.text_document.diagnostic is not None
    told = "text_document.diagnostic" if pulls else "text_document.publish_diagnostics"
    return Client(
        pulls=pulls,
        refreshes_diagnostics=has("workspace.diagnostics.refresh_support"),
        refreshes_hints=has("workspace.inlay_hint.refresh_support"),
        relates=has(f"{told}.related_information") or has("text_document.publish_diagnostics.related_information"),
        links_codes=has(f"{told}.code_description_support")
        or has("text_document.publish_diagnostics.code_description_support"),
        tags=types.DiagnosticTag.Unnecessary in tags,
        versions_edits=has("workspace.workspace_edit.document_changes"),
        resolves_edits="edit" in resolved and has("text_document.code_action.data_support"),
        shows_progress=has("window.work_done_progress"),
        shows_documents=has("window.show_document.support"),
        watches_files=has("workspace.did_change_watched_files.dynamic_registration"),
        gives_settings=has("workspace.configuration"),
        announces_settings=has("workspace.did_change_configuration.dynamic_registration"),
        reads_markdown=types.MarkupKind.Markdown in hover or not hover,
    )
