"""Counters that expire, in the database: all processes of all machines that share it count together."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Index, delete, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.sessions import AnySession


class Counter(Base):
    """How far something has counted until `expires_at`. `key` is a digest, so that the table holds no address and no
    name. The table is unlogged: a crash of the server empties it, and costs no more than counts that begin anew."""

    __tablename__ = "counters"
    __table_args__ = (Index("counters_expires_at_idx", "expires_at"),)

    key: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
    count: Mapped[int]


# A counter that has expired, or stands at nothing, begins a window of its own.
_COUNT = text("""
    insert into counters as c (key, expires_at, count)
    values (:key, clock_timestamp() + make_interval(secs => :seconds), greatest(:amount, 0))
    on conflict (key) do update set
        count = greatest(:amount + case when c.expires_at > clock_timestamp() then c.count else 0 end, 0),
        expires_at = case
            when c.expires_at > clock_timestamp() and c.count > 0 then c.expires_at else excluded.expires_at end
    returning c.count
""")
_READ = text("""
    select count, extract(epoch from expires_at)::float8 from counters
    where key = :key and expires_at > clock_timestamp()
""")


def count(connection: Connection, key: bytes, *, seconds: int, amount: int = 1) -> int:
    """Count, and say how far it has come. The first one begins a window of so many seconds."""
    return int(connection.execute(_COUNT, {"key": key, "seconds": seconds, "amount": amount}).scalar_one())


def read(connection: Connection, key: bytes) -> tuple[int, float | None]:
    """How far it has counted, and when that ends (seconds since 1970)."""
    found: Sequence[float] | None = connection.execute(_READ, {"key": key}).first()
    return (int(found[0]), found[1]) if found else (0, None)


def clear(connection: Connection, key: bytes) -> None:
    """Begin anew."""
    connection.execute(delete(Counter).where(Counter.key == key))


def forget_expired(session: AnySession) -> None:
    """Delete what no longer counts."""
    done = delete(Counter).where(Counter.expires_at <= func.clock_timestamp())
    session.execute(done, execution_options={"synchronize_session": False})
