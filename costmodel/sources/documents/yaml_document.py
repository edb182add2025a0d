"""YAML (and JSON) text to plain values that remember where in the file they stood.

The parser's events are put together here rather than by the parser's own constructor: that keeps the position of every key and value,
refuses what a spec never needs (tags, several documents, duplicate keys), and bounds depth and size, so that no file hangs the reader. The
parser's own `compose` keeps positions too, but calls itself for each level: a deep file exhausts the stack before a limit is met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from costmodel.errors import FormatError, LimitError, Location, SpecError

_STARTER: Final = "`costmodel init my-net.yaml` writes a network, a scenario and a study to start from"
MAX_FILE_BYTES: Final = 2**20
"""Largest file that is read."""
MAX_DEPTH: Final = 32
"""Deepest nesting of lists and mappings."""
MAX_VALUES: Final = 200_000
"""Most values in one file, each use of an alias counted in full."""
MAX_DIGITS: Final = 1000
"""Longest number, in characters."""

YamlPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top of a document to a value."""

_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_COLOUR: Final = re.compile(r"[\x1b\u241b]\[[0-9;]*m")
"""What a terminal is told of colours, as it is and as it is shown."""
_BLOCK: Final = re.compile(r"( *(?:- +)*)([A-Za-z_][A-Za-z0-9_.-]*: +[|>])([-+]?)")
"""A key whose value is the block below it."""
_DEEPEST_SAID: Final = 9
"""YAML says how deep a block is indented in one digit."""
_NOT_FINITE: Final = {".nan": "nan", ".inf": "inf", "+.inf": "inf", "-.inf": "-inf"}
_WORDS: Final[Mapping[str, bool | None]] = {"": None, "~": None, "null": None, "true": True, "false": False}


class YamlPosition(NamedTuple):
    """Where a value stood, counted from 1."""

    line: int
    column: int
    key_line: int
    """Line of its key; its own in a list."""
    key_column: int


@dataclass(frozen=True)
class YamlDocument:
    """Plain values, and where they stood."""

    data: Any
    """Mappings, lists, text, numbers, true, false and None."""
    file: str = ""
    """As messages name it; empty for values that came from Python."""
    places: Mapping[YamlPath, YamlPosition] = field(default_factory=dict, repr=False)
    prefix: YamlPath = ()
    """Path of `data` in the file."""

    def location(self, path: YamlPath = (), *, key: bool = False) -> Location | None:
        """Return where a value stood, or the nearest one around it.

        Parameters
        ----------
        path : tuple
            From `data` downwards.
        key : bool
            The place of its key rather than of the value.

        Returns
        -------
        Location or None
            None for values that came from no file.
        """
        if not self.file:
            return None
        whole = (*self.prefix, *path)
        for length in range(len(whole), -1, -1):
            place = self.places.get(whole[:length])
            if place is not None:
                exact = key and length == len(whole)
                return Location(self.file, place.key_line, place.key_column) if exact else Location(self.file, place.line, place.column)
        return Location(self.file)

    def part(self, key: str) -> YamlDocument:
        """Return the value under a key as a document of its own that keeps its places."""
        return YamlDocument(self.data[key], self.file, self.places, (*self.prefix, key))


@dataclass
class _Value:
    """A value while it is put together; `weight` counts all values inside it, aliases in full."""

    data: Any
    line: int
    column: int
    anchor: str | None = None
    entries: list[tuple[str | int, int, int, _Value]] = field(default_factory=list)
    """Key or position, where the key stood, and the value."""
    pending: tuple[str, int, int] | None = None
    """A key still without its value."""
    weight: int = 1

    @property
    def awaits_key(self) -> bool:
        """Whether the next value is a key of this mapping."""
        return isinstance(self.data, dict) and self.pending is None


def parse_document(content: bytes | str, file: str) -> YamlDocument:
    """Read YAML or JSON.

    Parameters
    ----------
    content : bytes or str
        UTF-8 text of one document.
    file : str
        Name that messages carry.

    Returns
    -------
    YamlDocument
        Its values and their places.

    Raises
    ------
    InputError
        If it is no text, too large, not YAML, or says a key twice; one line with the place.
    """
    text = _as_pasted(_as_text(content, file))
    if not text.strip():
        raise FormatError(f"is empty; {_STARTER}", Location(file))
    root = _compose(text, file)
    if root is None or root.data is None:
        raise FormatError(f"holds no values, only comments; {_STARTER}", Location(file))
    places: dict[YamlPath, YamlPosition] = {(): YamlPosition(root.line, root.column, root.line, root.column)}
    _collect(root, places)
    return YamlDocument(root.data, file, places)


def _as_text(content: bytes | str, file: str) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise LimitError(f"has {len(content):,} bytes; at most {MAX_FILE_BYTES:,} are read", Location(file))
    if isinstance(content, str):
        return content
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("is UTF-16 text; save it as UTF-8", Location(file))
    if b"\0" in content:
        raise FormatError("is binary, expected YAML text", Location(file))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FormatError(f"byte 0x{content[error.start]:02x} is not UTF-8 text", Location(file, line)) from None


def _as_pasted(text: str) -> str:
    """Return a text with what people paste as YAML takes it: no colours of a terminal, and how deep a block is where it must be said.

    A table's first line often begins deeper than those below it, as `size` prints it; YAML takes the first line for the block's depth.
    """
    lines = _COLOUR.sub("", text).split("\n")
    place = 0
    while place < len(lines):
        begun = _BLOCK.fullmatch(lines[place].rstrip())
        place += 1
        if begun is None:
            continue
        key_column, head = len(begun[1]), place - 1
        depths: list[int] = []
        while place < len(lines):
            below = lines[place]
            depth = len(below) - len(below.lstrip(" "))
            remark = depths and depth < depths[0] and below[depth : depth + 1] == "#"
            if below.strip() and (depth <= key_column or remark):
                break
            depths += [depth] if below.strip() else []
            place += 1
        if depths and min(depths) < depths[0] and min(depths) - key_column <= _DEEPEST_SAID:
            lines[head] = f"{begun[1]}{begun[2]}{min(depths) - key_column}{begun[3]}"
    return "\n".join(lines)


def _compose(text: str, file: str) -> _Value | None:
    """Put the parser's events together, without recursion."""
    stack: list[_Value] = []
    anchors: dict[str, _Value] = {}
    root: _Value | None = None
    for event in _events(text, file):
        kind = type(event).__name__
        here = Location(file, event.start_mark.line + 1, event.start_mark.column + 1)
        done: _Value | None = None
        if kind == "DocumentStartEvent" and root is not None:
            raise FormatError("a second document starts; one file holds one", here)
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            _refuse_tag(event, here)
            if len(stack) >= MAX_DEPTH:
                raise LimitError(f"nested more than {MAX_DEPTH} deep", here)
            stack.append(_Value({} if kind == "MappingStartEvent" else [], here.line, here.column, anchor=event.anchor))
            # Until it is complete the name stands for nothing: a list cannot hold itself.
            anchors.pop(event.anchor, None)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = stack.pop()
        elif kind == "ScalarEvent":
            _refuse_tag(event, here)
            is_key = bool(stack) and stack[-1].awaits_key
            done = _Value(event.value if is_key or event.style else _scalar(event.value, here), here.line, here.column, anchor=event.anchor)
        elif kind == "AliasEvent":
            done = anchors.get(event.anchor)
            if done is None:
                raise FormatError(f"the alias *{event.anchor} names nothing before it", here)
        if done is not None:
            if done.anchor:
                anchors[done.anchor] = done
            if stack:
                _attach(stack[-1], done, here)
            else:
                root = done
    return root


def _attach(parent: _Value, value: _Value, here: Location) -> None:
    parent.weight += value.weight
    if parent.weight > MAX_VALUES:
        raise LimitError(f"more than {MAX_VALUES:,} values, aliases written out", here)
    if isinstance(parent.data, list):
        parent.entries.append((len(parent.data), value.line, value.column, value))
        parent.data.append(value.data)
    elif parent.pending is None:
        if isinstance(value.data, list | dict):
            raise FormatError("a list or mapping cannot be a key", Location(here.file, value.line, value.column))
        key = str(value.data)
        if key in parent.data:
            raise SpecError(f"{key!r} is given twice", here)
        parent.pending = (key, here.line, here.column)
    else:
        key, line, column = parent.pending
        parent.pending = None
        parent.entries.append((key, line, column, value))
        parent.data[key] = value.data


def _collect(root: _Value, places: dict[YamlPath, YamlPosition]) -> None:
    stack: list[tuple[YamlPath, _Value]] = [((), root)]
    while stack:
        path, value = stack.pop()
        for key, line, column, child in value.entries:
            places[(*path, key)] = YamlPosition(child.line, child.column, line, column)
            stack.append(((*path, key), child))


def _refuse_tag(event: Any, here: Location) -> None:
    if event.tag is not None and str(event.tag) != "!":
        raise FormatError(f"tags like {str(event.tag)[:40]!r} are not read", here)


def _scalar(text: str, here: Location) -> Any:
    """Return the value of an unquoted scalar, as YAML 1.2 reads it."""
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered]
    if lowered in _NOT_FINITE:
        return float(_NOT_FINITE[lowered])
    if len(text) > MAX_DIGITS and (_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text) or _BASED.fullmatch(text)):
        raise LimitError(f"a number of {len(text):,} characters; at most {MAX_DIGITS:,} are read", here)
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


_PARSER_SLIPS: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    RecursionError,
)
"""What the parser raises on some malformed texts instead of refusing them."""


def _events(text: str, file: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        _complain(error, text, file)
    except YAMLError as error:
        raise FormatError(f"not YAML: {_one_line(str(error))}", Location(file)) from None
    except _PARSER_SLIPS as error:
        raise FormatError(f"not YAML: the parser gave up ({type(error).__name__})", Location(file)) from None


_PLAIN_WORDS: Final = (
    (r"cannot start any token", "a character that cannot start a value here; put the text in quotes"),
    (r"mapping values are not allowed", "a second ':' here, or the wrong indentation"),
    (r"could not find expected ':'", "a ':' is missing after the key"),
    (r"expected (<block end>|'<document start>')", "the wrong indentation, or a line that does not belong here"),
    (r"expected ',' or '\]'|expected the node content|did not find expected", "a list or mapping is not closed, or a ',' is missing"),
    (r"expected ',' or '\}'", "a mapping is not closed with '}', or a ',' is missing"),
    (r"quoted scalar|unexpected end of stream", "the quoted text is not closed"),
    (r"expected alphabetic or numeric", "a '*' or '&' starts an alias or anchor in YAML; put the text in quotes"),
)


def _complain(error: Any, text: str, file: str) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        raise FormatError(f"not YAML: {_one_line(str(error))}", Location(file)) from None
    lines = text.splitlines()
    # At the end of a truncated text the last line is the place to look at.
    line = max(1, min(mark.line + 1, len(lines)))
    column = mark.column + 1 if line == mark.line + 1 else len(lines[line - 1]) + 1
    for number in (line, line - 1):
        shown = lines[number - 1] if number >= 1 else ""
        indentation = shown[: len(shown) - len(shown.lstrip())]
        if "\t" in indentation:
            raise FormatError("a tab in the indentation; YAML is indented with spaces", Location(file, number, indentation.index("\t") + 1))
    told = f"{error.context or ''} {error.problem or ''}"
    words = next((plain for pattern, plain in _PLAIN_WORDS if re.search(pattern, told)), _one_line(told))
    raise FormatError(f"not YAML: {words}", Location(file, line, column)) from None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:160]
