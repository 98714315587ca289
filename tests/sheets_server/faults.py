"""Trouble on order: refusals, broken answers, silence, and the quota of a minute."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from .app import Answer
from .errors import ApiError, quota

STATUS = {"400": 400, "401": 401, "403": 403, "404": 404, "429": 429, "500": 500, "502": 502, "503": 503, "504": 504}
# These spoil an answer, so the request is always done first.
SPOILING = {"short", "cut", "empty", "drip"}
KINDS = {*STATUS, *SPOILING, "reset", "silence"}
INFO = "type.googleapis.com/google.rpc.ErrorInfo"
HTML_502 = (
    b"<!DOCTYPE html>\n<html lang=en><title>Error 502 (Server Error)!!1</title>"
    b"<p><b>502.</b> <ins>That's an error.</ins><p>The server encountered a temporary error.</html>\n"
)


@dataclass
class Fault:
    """What goes wrong, with which requests, how often.

    *match* is a regular expression over "METHOD /path?query" (decoded); *times* 0 means always; *skip* lets the first
    ones pass; *applied* does the request before failing; *retry_after* goes into the header of a refusal; *pause* is
    the wait between two pieces of a dripping answer; *message* and *reason* are what a refusal says.
    """

    kind: str
    match: str = ""
    times: int = 1
    skip: int = 0
    applied: bool = False
    retry_after: str = ""
    pause: float = 0.05
    message: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}; known: {', '.join(sorted(KINDS))}")
        self.applied = self.applied or self.kind in SPOILING

    def answer(self, method: str) -> Answer:
        """The refusal of a fault that is a status."""
        status = STATUS[self.kind]
        if status == 502:
            answer = Answer(502, HTML_502, {"Content-Type": "text/html; charset=UTF-8"})
        else:
            details = [{"@type": INFO, "reason": self.reason, "domain": "googleapis.com"}] if self.reason else []
            error = (
                quota("Read" if method == "GET" else "Write", 60)
                if status == 429
                else ApiError(status, self.message, details)
            )
            answer = Answer.refusing(error)
        if self.retry_after:
            answer.headers = answer.headers | {"Retry-After": self.retry_after}
        return answer


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: str, match: str = "", **more: Any) -> Fault:
        fault = Fault(kind, match, **more)
        with self._lock:
            self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    @property
    def waiting(self) -> list[Fault]:
        return list(self._waiting)

    def pick(self, method: str, target: str) -> Fault | None:
        """The first fault for this request; one that has come as often as it should is forgotten."""
        with self._lock:
            for fault in self._waiting:
                if not fits(fault.match, method, target):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times == 1:
                    self._waiting.remove(fault)
                elif fault.times:
                    fault.times -= 1
                return fault
        return None


def fits(match: str, method: str, target: str) -> bool:
    return bool(re.search(match, f"{method} {unquote(target)}"))


@dataclass
class Quota:
    """So many reads and so many writes in any 60 seconds; 0 is no limit."""

    limit: int = 0
    retry_after: str = ""
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, deque[float]] = field(default_factory=lambda: {"Read": deque(), "Write": deque()})
    _lock: Any = field(default_factory=threading.Lock)

    def refusal(self, method: str, target: str) -> Answer | None:
        """429 when the minute is used up; a refused request does not count."""
        if not self.limit or not target.startswith("/v4/"):
            return None
        reads = method == "GET" or ":getByDataFilter" in target or ":batchGetByDataFilter" in target
        kind = "Read" if reads or target.endswith(":search") else "Write"
        with self._lock:
            seen, now = self._seen[kind], self.clock()
            while seen and seen[0] <= now - 60:
                seen.popleft()
            if len(seen) < self.limit:
                seen.append(now)
                return None
        answer = Answer.refusing(quota(kind, self.limit))
        if self.retry_after:
            answer.headers = answer.headers | {"Retry-After": self.retry_after}
        return answer
