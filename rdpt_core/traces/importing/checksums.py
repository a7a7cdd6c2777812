"""The proof that responses come out as they went in: characters counted and hashed on both sides of the import."""

from __future__ import annotations

import hashlib
import json

from rdpt_core.records import Trace
from rdpt_core.traces.formats.base import Draft, RecordError
from rdpt_core.traces.importing.report import FileReport

_TO_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class ResponseChecksums:
    """Counts and hashes the responses of one file into its report; `finish` it after the last one.

    The draft's pieces are what the source holds. The trace's response is cut by their lengths again, so that the
    second hash sees the trace's own characters, without the markup that was put back around reasoning and without
    the beginning that the model was given.
    """

    def __init__(self, report: FileReport) -> None:
        self._report = report
        self._sha_in, self._sha_out = hashlib.sha256(), hashlib.sha256()

    def add(self, trace: Trace, draft: Draft, pieces: list[tuple[str, bytes]]) -> None:
        """Count one trace.

        Args:
            trace: what came out.
            draft: what it was made of.
            pieces: `encoded_pieces` of the two.
        """
        entry = self._report
        for text, data in pieces:
            self._sha_in.update(data)
            entry.characters_in += len(text)
        position = 0
        for text, origin in draft.response.pieces:
            if origin == "source" and draft.canonical is None:
                self._sha_out.update(trace.response[position : position + len(text)].encode())
            elif origin == "added":
                entry.characters_added += len(text)
            elif origin == "prefilled":
                entry.characters_prefilled += len(text)
            position += len(text)
        if draft.canonical is not None:
            self._sha_out.update(trace.response.encode())
        entry.characters_out += len(trace.response)
        entry.n_traces += 1
        entry.n_set_aside += bool(draft.set_aside)
        entry.characters_set_aside += len(draft.set_aside)

    def finish(self) -> None:
        """Put the hashes over all traces so far into the report."""
        if self._report.n_traces:
            self._report.sha256_in, self._report.sha256_out = self._sha_in.hexdigest(), self._sha_out.hexdigest()


def encoded_pieces(trace: Trace, draft: Draft) -> list[tuple[str, bytes]]:
    """The source's pieces of a response with their UTF-8, after a look at everything that has to be written.

    Raises:
        RecordError: some text holds half of a surrogate pair, which is no character and cannot be written as UTF-8.
    """
    texts = [trace.prompt or "", trace.gold or "", *(text for message in trace.messages for text in message.texts)]
    texts += [trace.benchmark, trace.domain or "", trace.model or "", trace.difficulty or "", trace.teacher_id or ""]
    texts.append(trace.trace_id)
    try:
        for text in texts:
            text.encode()
        _TO_JSON(dict(trace.meta)).encode()
        pieces = [(text, text.encode(), origin) for text, origin in draft.response.pieces]
        return [(text, data) for text, data, origin in pieces if origin == "source"]
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        what = (
            f"byte 0x{code - 0xDC00:02x}, which is not UTF-8"
            if 0xDC80 <= code <= 0xDCFF
            else f"the lone surrogate U+{code:04X}"
        )
        raise RecordError(f"the text holds {what}; it cannot be kept as it is") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordError(f"the record's other fields cannot be written as JSON: {error}") from error
