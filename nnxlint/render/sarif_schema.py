"""The parts of SARIF 2.1.0 that nnxlint writes, under the names that the standard gives them."""

import msgspec

Properties = dict[str, object]


class Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A part of a document; what has its default is left out."""


class Message(Part, frozen=True, kw_only=True):
    """A message; where it is about a rule, in Markdown too."""

    text: str
    markdown: str | None = None


class ArtifactLocation(Part, frozen=True, kw_only=True):
    """A file, relative to what `uri_base_id` stands for."""

    uri: str | None = None
    uri_base_id: str | None = None
    description: Message | None = None


class Content(Part, frozen=True, kw_only=True):
    """Text of a file."""

    text: str


class Region(Part, frozen=True, kw_only=True):
    """A part of a file; lines and columns count from one, the end column is exclusive."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int
    snippet: Content | None = None


class PhysicalLocation(Part, frozen=True, kw_only=True):
    """A part of a file that is named."""

    artifact_location: ArtifactLocation
    region: Region


class LogicalLocation(Part, frozen=True, kw_only=True):
    """A place by name: the cell of a notebook."""

    name: str
    fully_qualified_name: str
    kind: str
    properties: Properties | None = None


class Location(Part, frozen=True, kw_only=True):
    """A place, and what it means for the result."""

    id: int | None = None
    physical_location: PhysicalLocation
    logical_locations: tuple[LogicalLocation, ...] = ()
    message: Message | None = None


class Replacement(Part, frozen=True, kw_only=True):
    """What to put in the place of a region."""

    deleted_region: Region
    inserted_content: Content


class ArtifactChange(Part, frozen=True, kw_only=True):
    """What to change in one file."""

    artifact_location: ArtifactLocation
    replacements: tuple[Replacement, ...]


class SarifFix(Part, frozen=True, kw_only=True):
    """What would mend a result."""

    description: Message
    artifact_changes: tuple[ArtifactChange, ...]
    properties: Properties


class Result(Part, frozen=True, kw_only=True):
    """One finding."""

    rule_id: str
    rule_index: int | None = None
    level: str
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    baseline_state: str | None = None
    related_locations: tuple[Location, ...] = ()
    fixes: tuple[SarifFix, ...] = ()
    properties: Properties | None = None


class Configuration(Part, frozen=True, kw_only=True):
    """How a rule is set when nobody sets it."""

    enabled: bool
    level: str


class ReportingDescriptor(Part, frozen=True, kw_only=True):
    """One rule."""

    id: str
    name: str
    short_description: Message
    full_description: Message
    help_uri: str | None = None
    help: Message
    # Said even where it is as the standard has it, so that a reader need not know that.
    default_configuration: Configuration
    properties: Properties


class ToolComponent(Part, frozen=True, kw_only=True):
    """The tool."""

    name: str
    version: str
    semantic_version: str
    information_uri: str | None = None
    rules: tuple[ReportingDescriptor, ...] = ()


class Tool(Part, frozen=True, kw_only=True):
    """The tool, as a run names it."""

    driver: ToolComponent


class Notification(Part, frozen=True, kw_only=True):
    """What the tool had to say about itself."""

    level: str
    message: Message


class Invocation(Part, frozen=True, kw_only=True):
    """How the run went."""

    execution_successful: bool
    tool_execution_notifications: tuple[Notification, ...] = ()


class SarifRun(Part, frozen=True, kw_only=True):
    """One run of the tool."""

    tool: Tool
    invocations: tuple[Invocation, ...]
    original_uri_base_ids: dict[str, ArtifactLocation]
    newline_sequences: tuple[str, ...]
    column_kind: str
    results: tuple[Result, ...]


class Log(Part, frozen=True, kw_only=True):
    """The document."""

    schema: str = msgspec.field(name="$schema")
    version: str
    runs: tuple[SarifRun, ...]
