"""Questions over a small table that came with the message, answered in exact decimals."""

import operator
import re
from decimal import Decimal
from fractions import Fraction
from statistics import mean

from data import read
from question import asker, conditions, names_of, understand, wrong
from skillet import Call

SHOWN_ROWS = 50
NUMBER = re.compile(r"([-+−]?)[¥￥$€£]?(\d{1,3}(?:[,，]\d{3}){1,9}|\d{1,30})((?:\.\d{1,30})?(?:e[-+]?\d\d?)?)", re.I)
FIGURES = {"sum": (sum, "总和"), "mean": (mean, "平均"), "min": (min, "最小"), "max": (max, "最大"), "count": (len, "计数")}


def run(input: dict, call: Call) -> dict:
    asker["chinese"] = call.is_chinese
    columns, rows = read(input["data"])
    names = names_of(columns)
    wanted, rest = conditions(input.get("where" if "op" in input else "question", ""), names, rows)
    if "op" in input and rest.strip():
        raise wrong("where")
    asked = input if "op" in input else understand(rest, names, "filter" if wanted else None)
    op, column, by = asked["op"], asked.get("column"), asked.get("by")
    if missing := [name for name in (column, by) if name and name.casefold() not in rows[0]]:
        raise wrong("column", missing[0], ", ".join(columns))
    rows = [row for row in rows if all(holds(row[name], sign, value) for name, sign, value in wanted)]
    if op == "sort":
        # Empty cells are last, also from the largest down.
        at = (column or columns[0]).casefold()
        rows = sorted(rows, key=lambda row: key(row[at]), reverse=asked.get("order") == "desc")
        rows.sort(key=lambda row: not row[at])
    if op in ("sort", "filter"):
        rows = rows[: asked.get("limit")]
        lines = [" | ".join(row.values()) for row in rows] or ["没有符合的行" if call.is_chinese else "no row fits"]
        return {"text": shown(" | ".join(columns), lines), "rows": [dict(zip(columns, row.values())) for row in rows]}
    if column is None and op != "count":
        raise wrong("of_which", FIGURES[op][1] if call.is_chinese else op, ", ".join(columns))
    return computed(op, column, by, rows, call.is_chinese)


def number(cell: str) -> Decimal | None:
    found = NUMBER.fullmatch(cell.replace(" ", ""))
    return found and Decimal(found[1].replace("−", "-") + found[2].replace(",", "").replace("，", "") + found[3])


def key(cell: str) -> tuple:
    """Numbers come before texts."""
    value = number(cell)
    return (1, cell.casefold()) if value is None else (0, value)


def holds(cell: str, sign: str, value: str) -> bool:
    if sign == "has":
        return value.casefold() in cell.casefold()
    mine, theirs = key(cell), key(value)
    return (mine[0] == theirs[0] or sign in ("eq", "ne")) and getattr(operator, sign)(mine, theirs)


def computed(op: str, column: str | None, by: str | None, rows: list[dict[str, str]], chinese: bool) -> dict:
    english, in_chinese = (f"{op} of {column}", f"{column}的{FIGURES[op][1]}") if column else ("rows", "行数")
    what = in_chinese if chinese else english
    groups: dict[str, list[str]] = {} if by else {"": []}
    for row in rows:
        cell = row[column.casefold()] if column else "row"
        groups.setdefault(row[by.casefold()] if by else "", []).extend([cell] if cell else [])  # Empty ones do not count.
    found = {name: figure(op, cells, what) for name, cells in groups.items() if cells or op == "count"}
    if by:
        title = f"按{by}，{what}：" if chinese else f"{what} by {by}:"
        text = shown(title, [f"{name or '-'} {sign} {value}" for name, (sign, value) in found.items()])
        return {"text": text, "rows": [{by: name, op: value} for name, (_, value) in found.items()]}
    if not found:
        raise wrong("nothing", what)
    sign, value = found[""]
    return {"text": f"{what} {sign} {value}", "value": value}


def figure(op: str, cells: list[str], what: str) -> tuple[str, str]:
    """A sign that tells whether it is exact, and the value."""
    numbers = cells if op == "count" else [number(cell) for cell in cells]
    if None in numbers:
        raise wrong("numbers", what, cells[numbers.index(None)])
    value = FIGURES[op][0](numbers if op == "count" else [Fraction(one) for one in numbers])
    sign, text = ("=", f"{value:.30f}") if Fraction(f"{value:.30f}") == value else ("≈", f"{value:.12f}")
    return sign, text.rstrip("0").rstrip(".")


def shown(title: str, lines: list[str]) -> str:
    return "\n".join([title, *lines[:SHOWN_ROWS], *([f"… +{len(lines) - SHOWN_ROWS}"] if len(lines) > SHOWN_ROWS else [])])
