"""A dictionary in memory that forgets when it becomes too large."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Bounded(Generic[Key, Value]):
    """Forgets what was put or touched longest ago. It holds so many values, or so much of them by their `size`.
    Reading takes no lock."""

    def __init__(self, capacity: int, size: Callable[[Value], int] = lambda _: 1) -> None:
        self._capacity = capacity
        self._size_of = size
        self._size = 0
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()
        self.get = self._kept.get

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._forget(key)
            self._kept[key] = value
            self._size += self._size_of(value)
            while self._size > self._capacity:
                self._forget(next(iter(self._kept)))

    def touch(self, key: Key) -> None:
        """Note that it was used."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)

    def drop(self, key: Key) -> None:
        with self._lock:
            self._forget(key)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _forget(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= self._size_of(gone)

    def __len__(self) -> int:
        return len(self._kept)
