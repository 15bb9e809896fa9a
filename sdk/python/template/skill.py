"""Greets somebody, and counts how often."""

from dataclasses import dataclass

from skillet import Call, InvalidInput, kv


@dataclass
class Input:
    name: str


@dataclass
class Output:
    text: str
    count: int


def run(input: Input, call: Call) -> Output:
    name = input.name.strip()
    if not name:
        raise InvalidInput("名字是空的" if call.is_chinese else "the name is empty")
    count = counted()
    if call.is_chinese:
        return Output(f"你好，{name}！这是第 {count} 次。", count)
    return Output(f"Hello, {name}! This is time {count}.", count)


def counted() -> int:
    """One more, even if another call counts at the same time."""
    while True:
        before = kv.get_text("count")
        count = int(before or 0) + 1
        if kv.compare_and_set("count", before, str(count)):
            return count
