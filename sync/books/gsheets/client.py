"""Ask Google Sheets: gspread's client with an address of the settings, an end to all waiting, and one bounded retry."""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import gspread
import requests
import tenacity
from google.auth import exceptions as auth
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession, Request

from sync.books.gsheets import sentences, signin
from sync.model import BookError, ServicebookError
from sync.settings import Google, loopback

Answer = Mapping[str, Any]
T = TypeVar("T")

TRIES = 5
TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two pieces of an answer
ONE_TRY = 70.0  # seconds for the whole of one answer, however slowly it drips
TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
PAUSE = 1.0  # seconds; the first pause is at most so long, each further one twice as long
QUOTA_PAUSE = 8.0  # a minute's quota comes back within the minute
LONGEST_PAUSE = 64.0  # of ours; Google may ask for more
_GONE = re.compile(r"Unable to parse range|exceeds grid limits|No grid with id")
# One table a value: numbers stay numbers, and dates are the days since 1899-12-30.
PLAIN = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER", "majorDimension": "ROWS"}


class Garbled(Exception):
    """An answer that is no answer: cut short, empty, or somebody else's."""


class Refused(Exception):
    """An answer with another status than success; *error* is what Google says, nothing where it is not Google's."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response, self.status = response, response.status_code
        try:
            said = response.json()["error"]
        except (ValueError, TypeError, KeyError):  # a page, or some proxy's own words
            said = None
        self.error: Answer = said if isinstance(said, dict) else {}


class RangeGone(BookError):
    """A tab or rows that were there a moment ago are not there now."""


class Client(gspread.HTTPClient):
    """One spreadsheet over HTTP. Every call either answers or raises one of our failures, within the deadline."""

    def __init__(self, credentials: Credentials, google: Google, spreadsheet: str, named: str) -> None:
        """*spreadsheet* is the id, *named* where it was written: both are for messages, too."""
        tokens = requests.Session()
        session = AuthorizedSession(credentials, refresh_timeout=TIMEOUT[1], auth_request=Request(tokens))  # type: ignore[no-untyped-call]
        super().__init__(credentials, session)
        self.set_timeout(TIMEOUT)
        # no proxy leads to this very machine
        session.trust_env = tokens.trust_env = not loopback(google.endpoint)
        self.spreadsheet, self.named, self.google = spreadsheet, named, google
        self.who = signin.who(credentials)
        self._until = math.inf

    def begin(self) -> None:
        """The deadline counts from now: reading and writing have one each."""
        self._until = time.monotonic() + self.google.deadline

    def metadata(self, fields: str, ranges: Sequence[str] = ()) -> Answer:
        """What the spreadsheet is like: *fields* of it, and of its cells only where there are *ranges*."""
        params: dict[str, Any] = {"fields": fields} | ({"ranges": list(ranges)} if ranges else {})
        return self._tried(lambda: self.fetch_sheet_metadata(self.spreadsheet, params), "sheets")

    def values(self, ranges: Sequence[str]) -> tuple[list[list[list[Any]]], int]:
        """The rows of each of *ranges*, and how many bytes they took."""
        answer = self._tried(lambda: self.values_batch_get(self.spreadsheet, list(ranges), dict(PLAIN)), "valueRanges")
        found = answer["valueRanges"]
        if len(found) != len(ranges):
            raise sentences.strange(self.named, f"{len(ranges)} ranges asked, {len(found)} answered")
        return [one.get("values", []) for one in found], self.size

    def update(self, body: Answer) -> Answer:
        """Carry out *body*, all of it or nothing. It may be sent twice: it must say what shall be, not what to add."""
        return self._tried(lambda: self.batch_update(self.spreadsheet, body), "spreadsheetId")

    def change(self, asked: Sequence[Answer], left: Callable[[], Sequence[Answer]]) -> None:
        """Carry out the requests *asked*, all or none of them, and never twice.

        A column that is taken out twice takes its neighbour along. So after a try whose answer got lost, what is done
        next is what *left* says, which looks at the spreadsheet anew.
        """
        first = iter([asked])

        def ask() -> Answer:
            now = next(first, None) or left()
            return self.batch_update(self.spreadsheet, {"requests": now}) if now else {"spreadsheetId": ""}

        self._tried(ask, "spreadsheetId")

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request to the address of the settings and nowhere else, and take the whole answer in."""
        address = self.google.endpoint.rstrip("/") + endpoint.removeprefix(_origin(endpoint))
        seconds = min(ONE_TRY, self._until - time.monotonic())
        if seconds <= 0:
            raise TimeoutError
        sent = {"timeout": self.timeout, "allow_redirects": False, **kwargs}
        response = within(seconds, lambda: self.session.request(method, address, *args, **sent))
        self.size = len(response.content)
        if not 200 <= response.status_code < 300:
            raise Refused(response)
        return response

    def _tried(self, ask: Callable[[], Any], proof: str) -> Answer:
        """What *ask* answers, tried again while the failure is one that passes; *proof* is in every good answer."""
        left = max(self._until - time.monotonic(), 0)
        policy = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(TRIES) | tenacity.stop_before_delay(left),
            wait=_pause,
            retry=tenacity.retry_if_exception(passes),
            reraise=True,
        )
        try:
            return policy(lambda: _whole(ask(), proof))
        except (Refused, auth.GoogleAuthError, requests.RequestException, Garbled, TimeoutError) as error:
            raise self._said(error) from None  # its own text may quote headers

    def _said(self, error: Exception) -> ServicebookError:
        if isinstance(error, auth.GoogleAuthError):
            return signin.refused(error, self.who)
        if not isinstance(error, Refused):
            return sentences.silent(self.named, type(error).__name__)
        if error.status in TEMPORARY:
            return sentences.busy(self.named, error.status)
        if not error.error:
            return sentences.silent(self.named, f"HTTP {error.status}")
        if error.status == 400 and _GONE.search(str(error.error.get("message", ""))):
            return RangeGone(*sentences.gone(self.named))
        return sentences.refused(error.status, error.error, self.spreadsheet, self.named, self.who)


def passes(error: BaseException) -> bool:
    """Whether asking again may help: never where Google understood and said no."""
    if isinstance(error, Refused):
        return error.status in TEMPORARY
    if isinstance(error, auth.GoogleAuthError):
        return bool(getattr(error, "retryable", False)) or isinstance(error, auth.TransportError)
    return isinstance(error, (requests.RequestException, Garbled, TimeoutError))


def within(seconds: float, work: Callable[[], T]) -> T:
    """What *work* gives; TimeoutError where it takes longer than *seconds*, whatever it waits for.

    A name that is never looked up, or an answer that comes a byte at a time, escapes every timeout of a socket: so the
    work has a thread of its own, which is left behind and ends with the program.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError
    if errors:
        raise errors[0]
    return results[0]


def _whole(answer: Any, proof: str) -> Answer:
    if not isinstance(answer, dict) or proof not in answer:
        raise Garbled
    return answer


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds until the next try: as Google says, or growing; never the same for two programs."""
    error = state.outcome.exception() if state.outcome else None
    power = float(2 ** (state.attempt_number - 1))
    if isinstance(error, Refused):
        asked = _asked(error.response.headers.get("Retry-After", ""))
        if asked is not None:
            return asked + random.uniform(0, PAUSE)  # noqa: S311 - no secret is made of it
        if error.status == 429:
            longest = min(QUOTA_PAUSE * power, LONGEST_PAUSE)
            return random.uniform(longest / 2, longest)  # noqa: S311
    return random.uniform(0, min(PAUSE * power, LONGEST_PAUSE))  # noqa: S311


def _asked(said: str) -> float | None:
    """The seconds that Retry-After asks for, as a number or as a date."""
    if said.isdecimal():
        return float(said)
    try:
        return max(parsedate_to_datetime(said).timestamp() - time.time(), 0)
    except (ValueError, TypeError, OverflowError):
        return None


def _origin(address: str) -> str:
    found = urlsplit(address)
    return f"{found.scheme}://{found.netloc}"
