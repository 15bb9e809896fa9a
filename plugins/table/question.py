"""What a question asks for, by rules: an operation, columns of the table, conditions."""

import re
from typing import NamedTuple

from skillet import InvalidInput
from table import Table

# The patterns are compiled while the component is built; in a call each would cost a hundredfold.
def compiled(words: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.I) for name, pattern in words.items()}


# The first that is found: a bare 统计 (compute) or "show" says least.
OPERATIONS = compiled({
    "mean": r"\b(mean|average|avg)\b|平均|均值",
    "min": r"\b(min|minimum|lowest|smallest|cheapest)\b|最小|最低|最少|最便宜",
    "max": r"\b(max|maximum|highest|largest|biggest)\b|最大|最高|最多|最贵",
    "sum": r"\b(sum|total|add up)\b|总|合计|求和|一共|之和",
    "sort": r"\b(sort|order|rank|top)(ed)?\b|排序|排列|排名|前\s*\d",
    "count": r"\b(count|how many|number of)\b|多少|几[个行条]|个数|计数|数量|统计",
    "filter": r"\b(filter|show|list|which|only)\b|筛选|过滤|只看|列出|哪些",
})
COMPARISONS = compiled({
    ">=": r"\s*(>=|≥|at least|不少于|不低于|至少)\s*",
    "<=": r"\s*(<=|≤|at most|不超过|不高于|至多)\s*",
    "!=": r"\s*(!=|≠|is not\b|不是|不等于)\s*",
    ">": r"\s*(is )?(>|over\b|above\b|more than|greater than|大于|超过|高于|多于)\s*",
    "<": r"\s*(is )?(<|under\b|below\b|less than|小于|低于|少于|不到)\s*",
    "~": r"\s*(contains\b|包含|含有)\s*",
    "=": r"\s*(==?|equals\b|is\b|等于|为|是)\s*",
})
DESCENDING = re.compile(r"\b(desc|descending|top|largest first)\b|从大到小|从高到低|降序|倒序|前\s*\d", re.I)
LIMIT = re.compile(r"(\btop|前)\s*(\d{1,4})", re.I)
BY = re.compile(r"(\b(by|per|each)\s+|按照?|每[个种]?|各[个种]?)\s*$", re.I)
JOINT = re.compile(r"(\b(where|with|whose|if|and)\s+|且)$", re.I)
OR = re.compile(r"\bor\b|或", re.I)
VALUE = re.compile(r"[-+−]?\d[\d,.]*\d|\d|[^\s,，。?？;；的]*")
QUOTED = re.compile(r"[\"'“「](.*?)[\"'”」]")


class Condition(NamedTuple):
    column: str
    sign: str
    value: str


def understand(rest: str, table: Table, otherwise: str | None) -> dict:
    """The fields of the input that a question, its conditions taken out, stands for."""
    named = mentions(rest, table)
    # A column may be called `total` or 数量: the operation is looked for beside the names first.
    beside = rest
    for start, end in reversed(named):
        beside = f"{beside[:start]} {beside[end:]}"
    op = operation(beside) or operation(rest) or otherwise
    if op is None:
        raise InvalidInput("a `question` or an `op` is needed: sum, mean, min, max, count, sort or filter")
    groups = [rest[start:end] for start, end in named if BY.search(rest[:start])]
    others = [rest[start:end] for start, end in named if not BY.search(rest[:start])]
    limit = LIMIT.search(beside)
    return {
        "op": op,
        "column": next(iter(groups + others if op == "sort" else others), None),
        "by": groups[0] if groups and op != "sort" else None,
        "order": "desc" if DESCENDING.search(beside) else "asc",
        "limit": int(limit[2]) if limit else None,
    }


def operation(text: str) -> str | None:
    return next((op for op, words in OPERATIONS.items() if words.search(text)), None)


def mentions(text: str, table: Table) -> list[tuple[int, int]]:
    """Where the names of columns stand, the longest where one is part of another."""
    found, at, lower = [], 0, "".join(letter.lower()[:1] for letter in text)
    longest_first = sorted((name.lower() for name in table.columns), key=len, reverse=True)
    while at < len(text):
        name = next((name for name in longest_first if lower.startswith(name, at) and stands_alone(lower, at, name)), "")
        if name:
            found.append((at, at + len(name)))
        at += len(name) or 1
    return found


def stands_alone(text: str, at: int, name: str) -> bool:
    """Not a part of a longer Latin word; Chinese has no spaces to tell."""
    before, after = text[at - 1 : at] + name[0], name[-1] + text[at + len(name) :][:1]
    return not any(len(pair) == 2 and pair.isascii() and pair.isalnum() for pair in (before, after))


def conditions(text: str, table: Table) -> tuple[list[Condition], str]:
    """The conditions, and the text without them."""
    found, rest, done = [], "", 0
    for start, end in mentions(text, table):
        signs = ((sign, shape.match(text, end)) for sign, shape in COMPARISONS.items())
        sign, match = next((pair for pair in signs if pair[1]), ("", None))
        if match is None or start < done:
            continue
        value = operand(text[match.end() :], [row[table.at(text[start:end])] for row in table.rows])
        found.append(Condition(text[start:end], sign, value.strip("\"'“”「」")))
        rest += JOINT.sub("", text[done:start]) + " "
        done = match.end() + len(value)
    rest += text[done:]
    if found and OR.search(rest):
        raise InvalidInput("several conditions must all hold: join them with `and`")
    return found, rest


def operand(text: str, cells: list[str]) -> str:
    """A quoted value, a cell of the column (which may have spaces), or one word."""
    quoted, word = QUOTED.match(text), VALUE.match(text)
    known = [cell for cell in cells if text.casefold().startswith(cell.casefold())]
    return quoted[0] if quoted else max([word[0] if word else "", *known], key=len)
