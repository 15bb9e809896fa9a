"""The data, from CSV (comma, tab, semicolon), a Markdown table or a JSON list of objects."""

import csv
import re

from question import wrong
from skillet import parse_json

MAX_ROWS = 5_000
FENCE = re.compile(r"\A\s*```\w*\n|\n```\s*\Z")
RULE = re.compile(r"[\s|:-]+")


def read(data: str) -> tuple[list[str], list[dict[str, str]]]:
    """The names of the columns, and the rows, whose keys are these names without regard to case."""
    text = FENCE.sub("", data).strip("\ufeff\r\n ")
    columns, *rows = from_objects(text) if text[:1] in ("[", "{") else from_lines(text)
    if not 0 < len(rows) <= MAX_ROWS:
        raise wrong("size", MAX_ROWS)
    keys = [column.casefold() for column in columns]
    if len({*keys, ""}) <= len(keys):
        raise wrong("names", ", ".join(columns))
    for at, row in enumerate(rows, 1):
        if len(row) != len(keys):
            raise wrong("cells", at, len(row), len(keys))
    return columns, [dict(zip(keys, row)) for row in rows]


def from_lines(text: str) -> list[list[str]]:
    lines = text.splitlines(keepends=True)
    delimiter = max("\t|;,，", key=text.split("\n")[0].count)
    if delimiter == "|":
        lines = [line.strip().strip("|") for line in lines if not RULE.fullmatch(line)]
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter, strict=True)]
    except csv.Error as error:
        raise wrong("csv", error) from None
    return [row for row in rows if any(row)] or [[]]


def from_objects(text: str) -> list[list[str]]:
    try:
        items = parse_json(text, parse_float=str, parse_int=str, parse_constant=str)
    except ValueError as error:
        raise wrong("json", error) from None
    if not all(isinstance(item, dict) for item in items):
        raise wrong("objects")
    columns = list(dict.fromkeys(name for item in items for name in item))
    shown = {None: "", True: "true", False: "false"}
    try:
        return [columns, *([shown.get(item.get(name), item.get(name)).strip() for name in columns] for item in items)]
    except TypeError:
        raise wrong("cell") from None
