"""Questions over a small table that came with the message, answered in exact decimals."""

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from typing import Any, Literal

from question import Condition, conditions, understand
from skillet import Call, InvalidInput
from table import MAX_DIGITS, Table, number, read

# Every sum of cells fits; only a mean can need more digits.
EXACT = Context(prec=3 * MAX_DIGITS)
SHOWN_DECIMALS = Decimal("1e-12")
SHOWN_ROWS = 50
CHINESE = {"sum": "总和", "mean": "平均", "min": "最小", "max": "最大", "count": "计数"}


@dataclass
class Input:
    data: str
    question: str = ""
    op: Literal["sum", "mean", "min", "max", "count", "sort", "filter"] | None = None
    column: str | None = None
    by: str | None = None
    where: str = ""
    order: Literal["asc", "desc"] = "asc"
    limit: int | None = None


def run(input: Input, call: Call) -> dict:
    table = read(input.data)
    wanted, rest = conditions(input.where if input.op else input.question, table)
    if input.op and rest.strip():
        raise InvalidInput("`where` is columns, comparisons and values, such as price > 3 and city = Oslo")
    asked = input if input.op else Input(input.data, **understand(rest, table, "filter" if wanted else None))
    rows = [row for row in table.rows if all(holds(row[table.at(of.column)], of) for of in wanted)]
    if asked.op in ("sort", "filter"):
        return listed(asked, table, rows, call.is_chinese)
    if asked.column is None and asked.op != "count":
        raise InvalidInput(f"`{asked.op}` of which column? There are: {', '.join(table.columns)}")
    return computed(asked, table, rows, call.is_chinese)


def computed(asked: Input, table: Table, rows: list[list[str]], chinese: bool) -> dict:
    english = f"{asked.op} of {asked.column}" if asked.column else "rows"
    what = english if not chinese else f"{asked.column}的{CHINESE[asked.op or '']}" if asked.column else "行数"
    at = table.at(asked.column) if asked.column else None
    by = table.at(asked.by) if asked.by else None
    groups: dict[str, list[str]] = {} if by is not None else {"": []}
    for row in rows:
        cell = "row" if at is None else row[at]
        # Empty cells do not count.
        groups.setdefault("" if by is None else row[by], []).extend([cell] if cell else [])
    filled = {name: cells for name, cells in groups.items() if cells or by is None or asked.op == "count"}
    found = {name: figure(asked.op or "", cells, what) for name, cells in filled.items()}
    if by is None:
        value, exact = found[""]
        return {"text": f"{what} {'=' if exact else '≈'} {value}", "value": value}
    title = f"按{asked.by}，{what}：" if chinese else f"{what} by {asked.by}:"
    lines = [f"{name or '-'} {'=' if exact else '≈'} {value}" for name, (value, exact) in found.items()]
    return {"text": shown([title, *lines]), "rows": [{asked.by: name, asked.op: found[name][0]} for name in found]}


def figure(op: str, cells: list[str], what: str) -> tuple[str, bool]:
    """The value, and whether it is exact."""
    if op == "count":
        return str(len(cells)), True
    if not cells:
        raise InvalidInput(f"nothing to compute: no cell for the {what}")
    if op in ("min", "max"):
        found = (min if op == "min" else max)(cells, key=key)
        value = number(found)
        return found if value is None else plain(value), True
    total = Decimal(0)
    for cell in cells:
        value = number(cell)
        if value is None:
            raise InvalidInput(f"the {what} needs numbers, and `{cell}` is none")
        total = EXACT.add(total, value)
    if op == "sum":
        return plain(total), True
    EXACT.clear_flags()
    mean = EXACT.divide(total, len(cells))
    exact = not EXACT.flags[Inexact]
    return plain(mean if exact else EXACT.quantize(mean, SHOWN_DECIMALS)), exact


def plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def key(cell: str) -> tuple[Any, ...]:
    """Numbers before texts, empty cells last."""
    value = number(cell)
    return (0, value) if value is not None else (1 if cell else 2, cell.casefold())


def holds(cell: str, condition: Condition) -> bool:
    mine, theirs = key(cell), key(condition.value)
    match condition.sign:
        case "~":
            return condition.value.casefold() in cell.casefold()
        case "=":
            return mine == theirs
        case "!=":
            return mine != theirs
    if mine[0] != theirs[0]:
        return False
    return {">": mine > theirs, "<": mine < theirs, ">=": mine >= theirs, "<=": mine <= theirs}[condition.sign]


def listed(asked: Input, table: Table, rows: list[list[str]], chinese: bool) -> dict:
    if asked.op == "sort":
        at = table.at(asked.column or table.columns[0])
        filled = sorted((row for row in rows if row[at]), key=lambda row: key(row[at]), reverse=asked.order == "desc")
        rows = filled + [row for row in rows if not row[at]]
    rows = rows[: asked.limit]
    lines = [" | ".join(row) for row in rows] or ["没有符合的行" if chinese else "no row fits"]
    return {"text": shown([" | ".join(table.columns), *lines]), "rows": [dict(zip(table.columns, row)) for row in rows]}


def shown(lines: list[str]) -> str:
    more = len(lines) - 1 - SHOWN_ROWS
    return "\n".join(lines if more <= 0 else [*lines[: SHOWN_ROWS + 1], f"… +{more}"])
