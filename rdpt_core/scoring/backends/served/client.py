"""Requests to one server: many at once, each until it is answered well, refused, or given up.

What happens to a request that goes wrong:

    refused (other 4xx)                       the trace is unscored, and the run goes on
    slow down (429), down (no connection)     waits, as long as the server has patience left
    failed (5xx, dropped, cut, unusable)      tried again; after `_TRIES` a small request that is known to work is sent:
        that one is answered                  the trouble is the trace's, which is unscored; the run goes on
        that one fails too                    the trouble is the server's: waits like one that is down
    not our key, not our model (401, 403, 404), other tokens again and again: an error that ends the run
    there again after a lost connection,      greeted first: another model at the address ends the run
        a failure (5xx) or a 404

A server has patience left until `patience_s` have passed since the first trouble after its last good answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2

from rdpt_core.errors import ModelError, ServerGoneError
from rdpt_core.records import ServerSettings, UnscoredReason
from rdpt_core.scoring.backends.served.dialects import (
    Answer,
    BadReplyError,
    Dialect,
    NoAnswerError,
    NoLogprobsError,
    OtherTokensError,
    Sent,
    UnknownToServerError,
)
from rdpt_core.scoring.backends.served.gate import Gate
from rdpt_core.scoring.backends.served.greeting import ServedAs, check_same_model
from rdpt_core.scoring.backends.served.refusals import (
    LOGITS_HINT,
    Unanswered,
    advice,
    is_switched_off,
    unknown_fields,
    why_refused,
)
from rdpt_core.scoring.backends.served.secret import Secret

_LOGGER = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
_CONNECT_TIMEOUT_S = 10.0
_SILENT_S = 10.0
"""Trouble that lasts longer is reported while it lasts."""
_TRIES = 8
_WEIGHT_OF_TIMEOUT = 2
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _RefusedError(NoAnswerError):
    """The server says no to this request.

    Attributes:
        status: of HTTP. 404: it has no such path, or no such model.
        said: its reply, which may hold anything and is not shown.
    """

    def __init__(self, what: str, *, status: int, said: str) -> None:
        super().__init__(what)
        self.status = status
        self.said = said


class _BusyError(NoAnswerError):
    """The server cannot be reached or asks to wait: no fault of the request."""


class _FailedError(NoAnswerError):
    """The server failed at this request, or the connection did."""


class ServerClient:
    """One server. To be made, used and closed in one event loop."""

    def __init__(self, settings: ServerSettings, secret: Secret, model: str) -> None:
        self._settings = settings
        self._secret = secret
        self._model = model
        self.root = server_root(settings.base_url)
        self._gate = Gate(settings.concurrency, settings.tokens_in_flight)
        self._http = httpx2.AsyncClient(
            base_url=self.root,
            headers=secret.headers(),
            timeout=httpx2.Timeout(settings.timeout_s, connect=_CONNECT_TIMEOUT_S, pool=None),
            limits=httpx2.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency),
            # A proxy has no way to a loopback address.
            trust_env=urlsplit(self.root).hostname not in _LOOPBACK,
        )
        self._known_good: tuple[Dialect, Sent, Answer] | None = None
        self._left_out: frozenset[str] = frozenset()
        self._was_away = False
        self._meeting = asyncio.Lock()
        self._trouble_since_s: float | None = None
        self._last_trouble = ""
        self._is_reported = False
        self._not_before_s = 0.0
        self._gone: ServerGoneError | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str) -> Any:
        """A JSON document of the server, None where it has none; waits for a server that is not there yet.

        Raises:
            ServerGoneError: it does not come.
            ModelError: it wants another key.
        """
        tries = 0
        while True:
            try:
                return await self._exchange("GET", path, None)
            except _RefusedError:
                return None
            except NoAnswerError as error:
                await self._pause(tries, error, error.wait_s)
                tries += 1

    async def find_dialect(
        self, dialects: tuple[Dialect, ...], sent: Sent, *, hint: str = ""
    ) -> tuple[Dialect, Answer]:
        """The first dialect in which the server answers a request that it should be able to answer.

        Args:
            hint: what to do if it answers in none; empty if nothing is known of the server.

        Raises:
            ServerGoneError: it answers in none for as long as we wait.
            ModelError: it refuses all, or answers all in a way that is not theirs.
        """
        refusals: dict[str, str] = {}
        for dialect in dialects:
            # A gateway may guard, redirect or break at paths that it does not serve, and serve the usual one.
            is_uncommon = len(dialects) > 1 and dialect.path != "/v1/completions"
            tries = 0
            while True:
                try:
                    answer = await self._query(dialect, sent)
                except _RefusedError as error:
                    refusals[dialect.name] = str(error)
                except ModelError as error:
                    if not is_uncommon:
                        raise
                    refusals[dialect.name] = error.got or error.what
                except (NoLogprobsError, UnknownToServerError) as error:
                    refusals[dialect.name] = str(error)
                    hint = LOGITS_HINT if isinstance(error, NoLogprobsError) else hint
                except BadReplyError as error:
                    refusals[dialect.name] = str(error)
                    # A reply that makes no sense may be a broken one; one that does so thrice is another dialect.
                    tries += 1
                    if tries < _TRIES // 2:
                        continue
                except (_BusyError, _FailedError) as error:
                    refusals[dialect.name] = str(error)
                    tries += 1
                    if tries < _TRIES // 2 or not is_uncommon or isinstance(error, _BusyError):
                        await self._pause(tries - 1, error, error.wait_s)
                        continue
                else:
                    self._known_good, self._was_away = (dialect, sent, answer), False
                    return dialect, answer
                break
        raise ModelError(
            "the server gives no logprobs of a prompt's tokens",
            where=f"{self.root}, model {self._model}",
            expected="vLLM's prompt_logprobs, SGLang's /generate, or completions with echo and logprobs",
            got="; ".join(f"{name}: {words}" for name, words in refusals.items()),
            hint=hint or advice(refusals.values()),
        )

    async def score(self, dialect: Dialect, sent: Sent, trace_id: str) -> Answer | Unanswered:
        """The logprobs of one trace's response.

        Raises:
            ServerGoneError: the server is gone; so for every other request.
            ModelError: the server scores other tokens, does not want us, or came back with another model.
        """
        async with self._gate.admit(len(sent.ids)):
            spent, pauses = 0, 0
            while True:
                if self._gone is not None:
                    raise self._gone
                try:
                    await self._meet_again()
                except NoAnswerError as error:
                    await self._pause(pauses, error, error.wait_s)
                    pauses += 1
                    continue
                try:
                    return await self._query(dialect, sent)
                except _RefusedError as error:
                    if error.status != 404:
                        body = dialect.request(self._model, sent)
                        return why_refused(error.status, str(error), error.said, body, len(sent.ids))
                    # What was there before is missing now: a server that is being replaced looks like this.
                    failure: NoAnswerError = error
                except _BusyError as error:
                    await self._pause(pauses, error, error.wait_s)
                    pauses += 1
                    continue
                except NoAnswerError as error:
                    failure = error
                spent += failure.weight
                if spent >= _TRIES and await self._is_well():
                    if isinstance(failure, OtherTokensError):
                        raise ModelError(
                            "the server scored other tokens than it was sent",
                            where=f"trace {trace_id} at {self.root}",
                            expected="the tokens that were sent",
                            got=str(failure),
                            hint="Check that `tokenizer` is that of the served model.",
                        )
                    return Unanswered(UnscoredReason.SERVER_FAILED, str(failure))
                await self._pause(pauses, failure, failure.wait_s)
                pauses += 1

    async def _meet_again(self) -> None:
        """Once the server may have been replaced, see that who answers now is who answered before.

        Raises:
            NoAnswerError: nobody does yet.
            ModelError: it is another model.
        """
        async with self._meeting:
            if not self._was_away or self._known_good is None:
                return
            dialect, sent, before = self._known_good
            now = await self._query(dialect, sent)
            met, known = (ServedAs.of(self.root, dialect.name, answer) for answer in (now, before))
            check_same_model(met, known, self._model)
            self._was_away = False

    async def _is_well(self) -> bool:
        """Whether the server answers what it answered before."""
        if self._known_good is None:
            return True
        for pause in range(2):
            try:
                await self._query(*self._known_good[:2])
                return True
            except NoAnswerError as error:
                await self._pause(pause, error, None)
        return False

    async def _query(self, dialect: Dialect, sent: Sent) -> Answer:
        reply = await self._ask(dialect, sent)
        try:
            answer = dialect.read(reply, sent)
        except BadReplyError as error:
            raise type(error)(self._shown(str(error))) from None
        self._trouble_since_s = None
        return answer

    async def _ask(self, dialect: Dialect, sent: Sent) -> Any:
        """The reply to a request, without those fields that this server refuses."""
        body = dialect.request(self._model, sent)
        left_out = self._left_out
        while True:
            try:
                kept = {name: value for name, value in body.items() if name not in left_out}
                reply = await self._exchange("POST", dialect.path, kept)
            except _RefusedError as error:
                unknown = unknown_fields(error.said, dialect.optional & kept.keys())
                if error.status not in (400, 422) or not unknown:
                    raise
                left_out |= unknown
            else:
                self._left_out |= left_out
                return reply

    async def _pause(self, number: int, error: NoAnswerError, wait_s: float | None) -> None:
        """Back off with jitter, or for as long as the server asks; not beyond the server's patience."""
        now_s = time.monotonic()
        if self._trouble_since_s is None:
            self._trouble_since_s, self._is_reported = now_s, False
        self._last_trouble = str(error)
        if now_s - self._trouble_since_s > _SILENT_S and not self._is_reported:
            self._is_reported = True
            _LOGGER.warning(
                "no good answer from %s (%s); waiting for up to %g s (patience_s)",
                self.root,
                self._last_trouble,
                self._settings.patience_s,
            )
        ceiling_s = min(FIRST_PAUSE_S * 2 ** min(number, 20), LONGEST_PAUSE_S)
        pause_s = random.uniform(ceiling_s / 2, ceiling_s)
        if wait_s is not None:
            pause_s += wait_s
            self._not_before_s = max(self._not_before_s, now_s + wait_s)
        left_s = self._trouble_since_s + self._settings.patience_s - now_s
        if left_s <= 0 or (wait_s is not None and wait_s > left_s):
            self._gone = ServerGoneError(
                "the server gave no good answer for as long as we wait",
                where=self.root,
                expected=f"a good answer within {self._settings.patience_s:g} s (patience_s)",
                got=self._last_trouble,
                hint="Start the server, or correct base_url.",
            )
            raise self._gone
        await asyncio.sleep(min(pause_s, left_s))

    async def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        """One request and the JSON of its reply."""
        wait_s = self._not_before_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        try:
            response = await self._http.request(method, path, json=body)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            self._was_away = True
            raise _BusyError(self._shown(f"no connection ({error})")) from None
        except httpx2.TimeoutException:
            what = f"no answer within {self._settings.timeout_s:g} s (timeout_s)"
            raise _FailedError(what, weight=_WEIGHT_OF_TIMEOUT) from None
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            self._was_away = True
            raise _FailedError(self._shown(f"the connection broke off ({type(error).__name__}: {error})")) from None
        if response.is_success:
            try:
                return response.json()
            except (ValueError, RecursionError):
                raise BadReplyError(f"the reply of {len(response.content):,} bytes is no JSON, or was cut") from None
        self._raise_status(response, path)

    def _raise_status(self, response: httpx2.Response, path: str) -> None:
        status = response.status_code
        message = self._shown(f"HTTP {status}: {_message(response)}")
        # A gateway stays where it is while a server behind it is replaced.
        self._was_away = self._was_away or status >= 500 or status == 404
        if status in (401, 403) and (status == 401 or not is_switched_off(response.text)):
            raise ModelError(
                "the server does not accept the key",
                where=self.root,
                got=message,
                hint="Name the environment variable that holds its key: api_key_env.",
            )
        if status == 429:
            raise _BusyError(message, wait_s=_retry_after_s(response))
        if status >= 500 or status in (408, 425):
            raise _FailedError(message, wait_s=_retry_after_s(response))
        if 300 <= status < 400:
            raise ModelError(
                "the server points elsewhere", where=f"{self.root}{path}", got=message, hint="Correct base_url."
            )
        raise _RefusedError(message, status=status, said=response.text)

    def _shown(self, text: str) -> str:
        return self._secret.strike_out(text)


def server_root(base_url: str) -> str:
    """An address without the closing `/v1`, which the dialects add where they need it."""
    return base_url.rstrip("/").removesuffix("/v1").rstrip("/")


def _message(response: httpx2.Response) -> str:
    """What the server says in an error, which has one of several forms."""
    try:
        message = json.loads(response.text)
    except (ValueError, RecursionError):
        return response.text or response.reason_phrase
    for name in ("error", "message", "detail"):
        while isinstance(message, dict) and name in message:
            message = message[name]
    return message if isinstance(message, str) else json.dumps(message)


def _retry_after_s(response: httpx2.Response) -> float | None:
    """Retry-After, which is a number of seconds or a date."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
