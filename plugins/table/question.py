"""What a question asks for, by rules: an operation, columns of the table, conditions."""

import re
import tomllib
from pathlib import Path

from skillet import InvalidInput

WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
SAYS = WORDS.pop("says")
# Compiled once, while the component is built.
OPERATIONS, COMPARISONS, OTHERS = ({name: re.compile(of, re.I) for name, of in words.items()} for words in WORDS.values())
asker = {"chinese": False}


def wrong(what: str, *about: object) -> InvalidInput:
    return InvalidInput(SAYS[what][asker["chinese"]].format(*about))


def names_of(columns: list[str]) -> re.Pattern[str]:
    """Finds a column's name, the longest where one is part of another, but no part of a longer Latin word."""
    names = "|".join(re.escape(name) for name in sorted(columns, key=len, reverse=True))
    return re.compile(f"(?:(?<![a-z0-9])|(?![a-z0-9]))(?:{names})(?:(?![a-z0-9])|(?<![a-z0-9]))", re.I)


def understand(text: str, names: re.Pattern[str], otherwise: str | None) -> dict:
    """The fields of the input that a question, its conditions taken out, stands for."""
    # A column may be called `total` or 数量: the operation is looked for beside the names first.
    beside = names.sub(" ", text)
    op = next((op for place in (beside, text) for op, words in OPERATIONS.items() if words.search(place)), otherwise)
    if op is None:
        raise wrong("operation")
    found = [(name[0], OTHERS["by"].search(text[: name.start()])) for name in names.finditer(text)]
    by = next((name for name, groups in found if groups and op != "sort"), None)
    column = next((name for name, groups in found if not groups or op == "sort"), None)
    limit, order = OTHERS["limit"].search(beside), "desc" if OTHERS["descending"].search(beside) else "asc"
    return {"op": op, "column": column, "by": by, "order": order, "limit": int(limit[2]) if limit else None}


def conditions(text: str, names: re.Pattern[str], rows: list[dict[str, str]]) -> tuple[list[tuple[str, str, str]], str]:
    """The conditions as column, comparison and value, and the text without them."""
    found = []
    for name in reversed(list(names.finditer(text))):
        signs = ((sign, shape.match(text, name.end())) for sign, shape in COMPARISONS.items())
        sign, match = next((pair for pair in signs if pair[1]), ("", None))
        if match:
            # A quoted value, a cell (which may have spaces), or one word.
            rest, column = text[match.end() :], name[0].casefold()
            cells = [row[column] for row in rows if rest.casefold().startswith(row[column].casefold())]
            value = max([OTHERS["value"].match(rest)[0], *cells], key=len)
            found.append((column, sign, value.strip("\"'“”「」")))
            text = f"{OTHERS['joint'].sub('', text[: name.start()])} {rest[len(value) :]}"
    if found and OTHERS["or"].search(text):
        raise wrong("joint")
    return found, text
