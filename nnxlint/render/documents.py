"""JSON as text. Names of files need be no text, and a document must hold them all the same."""

import msgspec


def json_document(document: object) -> str:
    """Give the document as indented JSON that ends its line."""
    return msgspec.json.format(_encoded(document), indent=2).decode() + "\n"


def json_line(document: object) -> str:
    """Give the document as JSON on one line."""
    return _encoded(document).decode()


def _encoded(document: object) -> bytes:
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return msgspec.json.encode(_as_text(msgspec.to_builtins(document)))


def _as_text(value: object) -> object:
    """Give the value with escapes for what is no text."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _as_text(each) for key, each in value.items()}
    return [_as_text(each) for each in value] if isinstance(value, list | tuple) else value
