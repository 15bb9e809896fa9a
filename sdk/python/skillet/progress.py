"""How far a long call is, shown to the person who waits. Needs no grant."""

from . import _lent

_raw = _lent.interface("progress")


def report(done: int, total: int, note: str = "") -> None:
    """`done` of `total` steps, with a few words on the step at hand. Outside a component: nothing."""
    arguments = (_lent.whole(done, "done"), _lent.whole(total, "total"), _lent.text(note, "note"))
    if _lent.is_lent("progress"):
        _raw.report(*arguments)
