"""What checks assert of the lists that a host gave, row by row, and the findings that come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from ctrlkit.check import Record, Seen, current, named_in
from ctrlkit.decision import Outcome, State, digest, plainly
from ctrlkit.errors import AuthorError
from ctrlkit.fact import Facts, Row, Unreadable
from ctrlkit.model import Cause, Fault, Finding, Note


def assert_each(
    rows: Facts | Iterable[Row],
    rule: Callable[[Row], bool],
    *,
    because: str,
    where: Callable[[Row], bool] | None = None,
    by: str = "",
) -> None:
    """Every row of a host's list must satisfy `rule`: one that does not is a finding at its line.

    Where the host did not say what the rule asks for, the row is undecided; a list that could not be read at all makes
    the verdict inconclusive. `where` says of which rows the control speaks, `by` names the columns by which a row is
    the same one next month (else all of them), `because` what is wrong; `{column}` in it shows a value. No row is an
    answer: the host was asked and has none.
    """
    record = current()
    record.asserted += 1
    try:
        listed = _listed(rows)
    except Unreadable as error:
        record.unread.append(Fault(error.cause, str(error)))
        return
    for row in listed:
        answer = _answer(row, rule, where)
        if answer is None:
            continue
        where_it_is = (row.facts.fact, row.line, *sorted(row.cells.items(), key=lambda cell: cell[0]))
        seen = record.seen.setdefault(where_it_is, Seen(row, tuple(by.split()) or tuple(sorted(row.cells))))
        if isinstance(answer, Unreadable):
            seen.unknown.append(str(answer))
        elif not answer:
            seen.broken[because] = _told(because, row)


def _listed(rows: Facts | Iterable[Row]) -> tuple[Row, ...]:
    """The rows, without a trace: what is looked at here stands in findings of its own."""
    if not isinstance(rows, Facts):
        return tuple(rows)
    touched = len(rows._touched)  # noqa: SLF001
    listed = rows.rows()
    del rows._touched[touched:]  # noqa: SLF001
    return listed


def _answer(row: Row, rule: Callable[[Row], bool], where: Callable[[Row], bool] | None) -> bool | Unreadable | None:
    """What the rule says of a row, without a trace; None where the control does not speak of it."""
    touched = len(row.facts._touched)  # noqa: SLF001
    try:
        answer = None if where is not None and not where(row) else rule(row)
    except Unreadable as error:
        return error
    finally:
        del row.facts._touched[touched:]  # noqa: SLF001
    if answer is not None and not isinstance(answer, bool):
        msg = f"a rule over rows of {row.facts.fact} says True or False, this one said {type(answer).__name__}"
        raise AuthorError(msg)
    return answer


def _told(because: str, row: Row) -> str:
    strange = sorted(named_in(because) - set(row.cells))
    if strange:
        msg = f"rows of {row.facts.fact} have no {strange[0]!r}; they have {', '.join(sorted(row.cells))}"
        raise AuthorError(msg)
    return because.format_map({name: "" if value is None else value for name, value in row.cells.items()})


def with_rows(outcome: Outcome, record: Record, of: tuple[str, str], note: str) -> Outcome:
    """The outcome, with what was asserted of the rows of a host's lists: findings at their lines, doubts as notes."""
    if not (record.seen or record.unread):
        return outcome
    rows = sorted(record.seen.values(), key=lambda s: (s.row.facts.probe, s.row.line, _names_of(s)))
    broken, doubtful = [s for s in rows if s.broken], [s for s in rows if s.unknown]
    undecided = [s for s in doubtful if not s.broken]
    notes = [*outcome.notes, *(Note(digest(*of, f.message), f"not read: {f.message}") for f in record.unread)]
    for seen in doubtful:
        words = "; ".join(dict.fromkeys(seen.unknown))
        notes.append(Note(digest(*of, "undecided", words, *_names_of(seen)), f"undecided: {words}"))
    state, cause, reason = _decision(outcome, broken, undecided, record)
    return replace(
        outcome,
        state=state,
        cause=cause,
        reason=reason,
        population=len(rows) + (outcome.population or 0) if rows else outcome.population,
        exceptions=len(broken) + (outcome.exceptions or 0) if rows else outcome.exceptions,
        findings=(*outcome.findings, *_findings(broken, of, note)),
        notes=tuple(notes),
        undecided=outcome.undecided + len(undecided) + len(record.unread),
    )


def _decision(
    outcome: Outcome, broken: list[Seen], undecided: list[Seen], record: Record
) -> tuple[State, Cause | None, str]:
    if broken:
        why = Counter(text for seen in broken for text in seen.broken)
        words = "; ".join(text for text, _ in sorted(why.items(), key=lambda item: (-item[1], item[0]))[:2])
        facts = " and ".join(sorted({seen.row.facts.fact for seen in broken}))
        said = f"{len(broken):,} of {len(record.seen):,} rows of {facts}: {plainly(words)}"
        return "failed", None, f"{outcome.reason}; {said}" if outcome.state == "failed" else said
    if outcome.state != "passed":
        return outcome.state, outcome.cause, outcome.reason
    if record.unread:
        first = min(record.unread, key=lambda fault: fault.cause.rank)
        return "inconclusive", first.cause, "; ".join(dict.fromkeys(fault.message for fault in record.unread))
    if undecided:
        words = f"{len(undecided):,} of {len(record.seen):,} rows cannot be decided, first {undecided[0].unknown[0]}"
        return "inconclusive", Cause.UNDECIDED, words
    return outcome.state, outcome.cause, outcome.reason


def _findings(broken: list[Seen], of: tuple[str, str], note: str) -> Iterable[Finding]:
    keys: Counter[str] = Counter()
    for seen in broken:
        key = digest(*of, *_names_of(seen))
        keys[key] += 1
        values = {n: ";".join(v) if isinstance(v, tuple) else v for n, v in sorted(seen.row.cells.items())}
        message = "; ".join(seen.broken.values()) + (f" ({note})" if note else "")
        yield Finding(key if keys[key] == 1 else digest(key, keys[key]), message, values, (seen.row.pointer,))


def _names_of(seen: Seen) -> tuple[str, ...]:
    """What names the row next month too: its fact and the columns it is known by, never its line."""
    return (seen.row.facts.fact, *(str(seen.row.cells.get(name)) for name in seen.named_by))
