"""Requests to one server: many at once, each until it is answered well, refused, or given up.

What happens to a request that goes wrong:

    refused (other 4xx)                       the trace is unscored, and the run goes on; if for its length:
                                              cut to the limit that is named, and asked again
    perhaps refused to all (403, 404, 3xx)    the small request that is known to work is sent:
        that one is answered                  asked again: a second no is the trace's, which is unscored
        that one is refused too               an error that ends the run; after a 404, waits like one that is down
    slow down (429), down (no connection)     waits, as long as the server has patience left
    failed (5xx, dropped, cut, unusable)      tried again; after `_TRIES` a small request that is known to work is sent:
        that one is answered                  the trouble is the trace's, which is unscored; the run goes on
        that one fails too                    the trouble is the server's: waits like one that is down
    not our key (401), no way to it that waiting could mend, other tokens again and again: an error that ends the run
    there again after a lost connection,      greeted first: another model at the address ends the run
        a failure (5xx) or such a no

A server has patience left until `patience_s` have passed since the first trouble after its last good answer. One whose
host has no address, and that never answered, has no more than `UNKNOWN_HOST_S`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import Any

from rdpt_core.errors import ModelError, ServerGoneError
from rdpt_core.records import ServerSettings, UnscoredReason
from rdpt_core.scoring.backends.served.connection import Connection
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
from rdpt_core.scoring.backends.served.failures import (
    UNKNOWN_HOST_S,
    BusyError,
    ExchangeError,
    FailedError,
    RefusedError,
)
from rdpt_core.scoring.backends.served.gate import Gate
from rdpt_core.scoring.backends.served.greeting import ServedAs, check_same_model
from rdpt_core.scoring.backends.served.refusals import LOGITS_HINT, Unanswered, advice, unknown_fields, why_refused
from rdpt_core.scoring.backends.served.secret import Secret

_LOGGER = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
_SILENT_S = 10.0
"""Trouble that lasts longer is reported while it lasts."""
_FIRST_SILENT_S = 2.0
"""The same before the first answer, when nothing else is to be seen yet."""
_TRIES = 8


class ServerClient:
    """One server. To be made, used and closed in one event loop.

    Args:
        was_met: the server answered another client before, so that its address is right.

    Raises:
        UsageError: certificates that are to be trusted cannot be read.
    """

    def __init__(self, settings: ServerSettings, secret: Secret, model: str, *, was_met: bool = False) -> None:
        self._settings = settings
        self._secret = secret
        self._model = model
        self._gate = Gate(settings.concurrency, settings.tokens_in_flight)
        self._connection = Connection(settings, secret)
        self.root = self._connection.root
        self._was_met = was_met
        self._known_good: tuple[Dialect, Sent, Answer] | None = None
        self._left_out: frozenset[str] = frozenset()
        self._was_away = False
        self._meeting = asyncio.Lock()
        self._trouble_since_s: float | None = None
        self._is_reported = False
        self._not_before_s = 0.0
        self._gone: ServerGoneError | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    async def get(self, path: str) -> Any:
        """A JSON document of the server, None where it has none; waits for a server that is not there yet.

        Raises:
            ServerGoneError: it does not come.
            ModelError: it wants another key, cannot be reached like this, or is no API.
        """
        tries = n_unreadable = 0
        while True:
            try:
                return await self._exchange("GET", path, None)
            except RefusedError:
                return None
            except NoAnswerError as error:
                n_unreadable += isinstance(error, BadReplyError)
                if n_unreadable >= _TRIES // 2:
                    raise ModelError(
                        "the server does not answer as an API",
                        where=f"{self.root}{path}",
                        expected="JSON",
                        got=str(error),
                        hint="Correct base_url.",
                    ) from None
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
                except RefusedError as error:
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
                except (BusyError, FailedError) as error:
                    refusals[dialect.name] = str(error)
                    tries += 1
                    if tries < _TRIES // 2 or not is_uncommon or isinstance(error, BusyError):
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
            spent, pauses, is_second = 0, 0, False
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
                    return await self._query(dialect, sent, is_one_of_many=True)
                except RefusedError as error:
                    if is_second or not error.is_away:
                        body = dialect.request(self._model, sent)
                        return why_refused(error.status, str(error), error.said, body, len(sent.ids))
                    # A server that is being replaced, or that wants us no more, says this to everyone. So it is greeted
                    # above, and only one that answers the greeting is asked again.
                    is_second = True
                    continue
                except BusyError as error:
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
            # Lowered first: what goes wrong while the greeting is under way calls for another one.
            self._was_away = False
            try:
                now = await self._query(dialect, sent)
                met, known = (ServedAs.of(self.root, dialect.name, answer) for answer in (now, before))
                check_same_model(met, known, self._model)
            except BaseException:
                self._was_away = True
                raise

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

    async def _query(self, dialect: Dialect, sent: Sent, *, is_one_of_many: bool = False) -> Answer:
        reply = await self._ask(dialect, sent, is_one_of_many)
        try:
            answer = dialect.read(reply, sent)
        except BadReplyError as error:
            raise type(error)(self._secret.strike_out(str(error))) from None
        self._trouble_since_s, self._is_reported = None, False
        return answer

    async def _ask(self, dialect: Dialect, sent: Sent, is_one_of_many: bool) -> Any:
        """The reply to a request, without those fields that this server refuses."""
        body = dialect.request(self._model, sent)
        left_out = self._left_out
        while True:
            try:
                kept = {name: value for name, value in body.items() if name not in left_out}
                reply = await self._exchange("POST", dialect.path, kept, is_one_of_many=is_one_of_many)
            except RefusedError as error:
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
            self._trouble_since_s = now_s
        patience_s = self._settings.patience_s
        is_unknown = isinstance(error, BusyError) and error.is_unknown and not self._was_met
        if is_unknown:
            patience_s = min(patience_s, UNKNOWN_HOST_S)
        ceiling_s = min(FIRST_PAUSE_S * 2 ** min(number, 20), LONGEST_PAUSE_S)
        pause_s = random.uniform(ceiling_s / 2, ceiling_s)
        if wait_s is not None:
            pause_s += wait_s
            self._not_before_s = max(self._not_before_s, now_s + wait_s)
        left_s = self._trouble_since_s + patience_s - now_s
        if left_s <= 0 or (wait_s is not None and wait_s > left_s):
            self._gone = ServerGoneError(
                "the server gave no good answer for as long as we wait",
                where=self.root,
                expected="a host name that is known"
                if is_unknown
                else f"a good answer within {patience_s:g} s (patience_s)",
                got=str(error),
                hint="Correct base_url, or see why this machine does not know the name."
                if is_unknown
                else "Start the server, or correct base_url.",
            )
            raise self._gone
        pause_s = min(pause_s, left_s)
        if now_s + pause_s - self._trouble_since_s > (_SILENT_S if self._was_met else _FIRST_SILENT_S):
            self._report(str(error), f"{patience_s:g} s{'' if is_unknown else ' (patience_s)'}")
        await asyncio.sleep(pause_s)

    def _report(self, trouble: str, limit: str) -> None:
        """Once until the next good answer."""
        if not self._is_reported:
            self._is_reported = True
            _LOGGER.warning("no good answer from %s (%s); waiting for up to %s", self.root, trouble, limit)

    async def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None, *, is_one_of_many: bool = False
    ) -> Any:
        """One request and the JSON of its reply.

        Args:
            is_one_of_many: a no that ends the run where everyone gets it may be this request's alone.
        """
        wait_s = self._not_before_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        silence: asyncio.TimerHandle | None = None
        if not self._was_met:
            limit = f"{self._settings.timeout_s:g} s (timeout_s)"
            silence = asyncio.get_running_loop().call_later(_FIRST_SILENT_S, self._report, "none yet", limit)
        try:
            reply = await self._connection.exchange(method, path, body, is_first=not self._was_met)
        except ExchangeError as error:
            self._was_away = self._was_away or error.is_away
            self._was_met = self._was_met or isinstance(error, RefusedError)
            if isinstance(error, RefusedError) and error.end is not None and not is_one_of_many:
                raise error.end from None
            raise
        finally:
            if silence is not None:
                silence.cancel()
        self._was_met = True
        return reply
