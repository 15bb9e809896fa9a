"""The data, from CSV (comma, tab, semicolon), a Markdown table or a JSON list of objects."""

import csv
import re
from dataclasses import dataclass
from decimal import Decimal

from skillet import InvalidInput, parse_json

MAX_ROWS = 5_000
MAX_DIGITS = 30
"""Before the point, and behind it."""
DELIMITERS = "\t|;,，"
FENCE = re.compile(r"\A\s*```\w*\n|\n```\s*\Z")
RULE = re.compile(r"[\s|:-]+")
NUMBER = re.compile(r"([-+−]?)[¥￥$€£]?(\d{1,3}(?:[,，]\d{3})+|\d+)(\.\d+)?")


@dataclass
class Table:
    columns: list[str]
    rows: list[list[str]]

    def at(self, column: str) -> int:
        names = [name.casefold() for name in self.columns]
        if column.strip().casefold() not in names:
            raise InvalidInput(f"there is no column `{column}`; there are: {', '.join(self.columns)}")
        return names.index(column.strip().casefold())


def number(cell: str) -> Decimal | None:
    found = NUMBER.fullmatch(cell.replace(" ", ""))
    if found is None or len(found[2]) > MAX_DIGITS or len(found[3] or "") > MAX_DIGITS:
        return None
    sign = "-" if found[1] in ("-", "−") else ""
    return Decimal(sign + found[2].replace(",", "").replace("，", "") + (found[3] or ""))


def read(data: str) -> Table:
    text = FENCE.sub("", data).strip("\ufeff\r\n ")
    columns, rows = from_objects(text) if text[:1] in ("[", "{") else from_lines(text)
    if not rows:
        raise InvalidInput("the data needs a line of column names and at least one row below it")
    if len(rows) > MAX_ROWS:
        raise InvalidInput(f"the data has {len(rows)} rows; {MAX_ROWS} at most")
    names = [column.casefold() for column in columns]
    if "" in names or len(set(names)) < len(names):
        raise InvalidInput(f"each column needs a name of its own: {', '.join(columns)}")
    return Table(columns, rows)


def from_lines(text: str) -> tuple[list[str], list[list[str]]]:
    lines = text.splitlines(keepends=True)
    delimiter = max(DELIMITERS, key=lambda sign: lines[0].count(sign)) if lines else ","
    if delimiter == "|":
        lines = [line.strip().strip("|") for line in lines if not RULE.fullmatch(line)]
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise InvalidInput(f"the data is not CSV: {error}") from None
    odd = next((at for at, row in enumerate(rows) if len(row) != len(rows[0])), None)
    if odd is not None:
        raise InvalidInput(f"row {odd} has {len(rows[odd])} cells, but there are {len(rows[0])} columns")
    return (rows[0], rows[1:]) if rows else ([], [])


def from_objects(text: str) -> tuple[list[str], list[list[str]]]:
    try:
        items = parse_json(text, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
    except ValueError as error:
        raise InvalidInput(f"the data is not JSON: {error}") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidInput("JSON data must be a list of objects, one for each row")
    columns = list(dict.fromkeys(key for item in items for key in item))
    return columns, [[cell(item.get(column), at, column) for column in columns] for at, item in enumerate(items, 1)]


def cell(value: object, at: int, column: str) -> str:
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < MAX_DIGITS:
        return format(value, "f")
    if isinstance(value, (list, dict, Decimal)):
        raise InvalidInput(f"row {at}, {column}: only texts, numbers of {MAX_DIGITS} digits, true, false and null")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip()
