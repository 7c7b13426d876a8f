"""Whether the audit is what was written: every hash worked out anew, entry by entry, in the memory of one entry."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, select, text

from app.core.chain.checkpoints import HEADS, Checkpoint, Head, Unusable
from app.core.chain.models import AuditCheckpoint

ALTERED = "altered"
DELETED = "deleted"
MOVED = "moved or put in"
CUT_OFF = "cut off"
UNSIGNED = "unsigned checkpoint"

START = bytes(32)
STREAMED = {"yield_per": 1_000}

ENTRIES = text("""
    select chain, position, id, hash,
           row(chain, position, id, (extract(epoch from at) * 1000000)::bigint, change_id, change_set_id, actor_id,
               actor_name, via, request_id, acting_as_id, acting_as_name, action, table_name, record_id, record_label,
               parent_table, parent_id, client_id, version, before, after)::text as content
      from audit_entries order by chain, position, id
""")
"""What an entry's hash covers, beside the hash before it: as `append_entries` in the migrations puts it."""
POINTS = text("""
    select p.chain, p.length, p.hash
      from unnest(cast(:chains as bigint[]), cast(:lengths as bigint[]), cast(:hashes as text[]))
           p (chain, length, hash)
      left join audit_entries e on e.chain = p.chain and e.position = p.length
     where p.length > 0 and encode(e.hash, 'hex') is distinct from p.hash order by 1
""")


@dataclass(frozen=True)
class Fault:
    """Something that isn't as it was written. `kind` is one of the kinds above, `what` a sentence about it."""

    kind: str
    what: str
    entry_id: int | None = None


@dataclass
class Report:
    """What a verification has found: the first fault of each kind, and how many there are of it."""

    entries: int = 0
    chains: int = 0
    checkpoints: int = 0
    first: dict[str, Fault] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not self.first

    def note(self, fault: Fault) -> None:
        self.first.setdefault(fault.kind, fault)
        self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1


def verify(connection: Connection, keys: Sequence[Ed25519PublicKey], elsewhere: Iterable[Checkpoint] = ()) -> Report:
    """Check every entry, every head, and every checkpoint, those that were kept `elsewhere` too.

    The connection must be in a transaction that reads one state throughout (repeatable read).
    """
    report = Report()
    heads = {head.chain: head for head in (Head(*row) for row in connection.execute(HEADS))}
    for chain, entries in _chains(connection):
        _verify_chain(chain, entries, heads.pop(chain, Head(chain, 0, START.hex())), report)
    for head in heads.values():
        _verify_end(head, 0, START, report)
    for checkpoint in elsewhere:
        _verify_checkpoint(connection, checkpoint, keys, report)
    kept = select(AuditCheckpoint.at, AuditCheckpoint.entries, AuditCheckpoint.heads, AuditCheckpoint.signature)
    for row in connection.execute(kept.order_by(AuditCheckpoint.at), execution_options=STREAMED):
        signed = Checkpoint(row.at, row.entries, tuple(Head(*head) for head in row.heads), row.signature)
        _verify_checkpoint(connection, signed, keys, report)
    return report


def _chains(connection: Connection) -> Iterator[tuple[int, Iterator[Row[Any]]]]:
    """The chains one after the other, each with its entries; one must be read to its end before the next."""
    result = connection.execute(ENTRIES, execution_options=STREAMED)
    with closing(result):
        following = next(result, None)
        while following is not None:
            chain = following.chain

            def entries(of: int = chain) -> Iterator[Row[Any]]:
                nonlocal following
                while following is not None and following.chain == of:
                    yield following
                    following = next(result, None)

            yield chain, entries()


def _verify_chain(chain: int, entries: Iterator[Row[Any]], head: Head, report: Report) -> None:
    report.chains += 1
    position, previous, newest_id = 0, START, 0
    for entry in entries:
        report.entries += 1
        stored = bytes(entry.hash)
        is_next = entry.position == position + 1
        if not is_next and entry.position > position:
            missing = entry.position - position - 1
            what = f"{missing} {'entry is' if missing == 1 else 'entries are'} missing before entry {entry.id}"
            report.note(Fault(DELETED, f"{what}, in chain {chain}", entry.id))
        if entry.position > head.length or entry.position <= position or entry.id <= newest_id:
            report.note(Fault(MOVED, f"entry {entry.id} stands where it was not written, in chain {chain}", entry.id))
        elif is_next and sha256(previous + entry.content.encode()).digest() != stored:
            report.note(Fault(ALTERED, f"entry {entry.id} is not what was written, in chain {chain}", entry.id))
        position, previous, newest_id = entry.position, stored, max(newest_id, entry.id)
    _verify_end(head, position, previous, report)


def _verify_end(head: Head, position: int, newest: bytes, report: Report) -> None:
    if position < head.length:
        missing = head.length - position
        report.note(Fault(CUT_OFF, f"the newest {missing} of chain {head.chain} are cut off, after its {position}"))
    elif position == head.length and newest.hex() != head.hash:
        report.note(Fault(ALTERED, f"the newest entry of chain {head.chain} is not the one that its head names"))


def _verify_checkpoint(
    connection: Connection, checkpoint: Checkpoint, keys: Sequence[Ed25519PublicKey], report: Report
) -> None:
    report.checkpoints += 1
    try:
        checkpoint.check(keys)
    except Unusable as error:
        report.note(Fault(UNSIGNED, str(error)))
        return
    points = {
        "chains": [head.chain for head in checkpoint.heads],
        "lengths": [head.length for head in checkpoint.heads],
        "hashes": [head.hash for head in checkpoint.heads],
    }
    for point in connection.execute(POINTS, points):
        moment = f"{checkpoint.at:%Y-%m-%d %H:%M} UTC"
        what = f"the checkpoint of {moment} saw {point.length} in chain {point.chain}, ending otherwise than now"
        report.note(Fault(CUT_OFF, what))
