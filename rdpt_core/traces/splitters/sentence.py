"""The default splitter: sentences as a reader of reasoning traces would mark them.

Stops are judged by Punkt (`punkt`); this module adds what Punkt does not know: formulas and code stay whole, lists,
headings and tables begin sentences at their lines, tags part thinking from answering, and walls of text are cut.
Any change of any boundary needs a new `version`; a golden file holds the boundaries of the present one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rdpt_core.records import Span
from rdpt_core.traces.splitters.base import SplitReport, tile
from rdpt_core.traces.splitters.caps import cap
from rdpt_core.traces.splitters.lexicon import COMMON_WORDS
from rdpt_core.traces.splitters.punkt import ends_sentence, is_number, is_plain
from rdpt_core.traces.splitters.scan import CANDIDATE, CLOSERS, LABEL_WORDS, LINE_START, STOPS, WIDE_STOPS

_WORD_REACH = 24  # Longer than every abbreviation and every list marker.
_OPENERS = "\"'([{*_`‘“«$#>-–—•"
_NEXT_WORD = re.compile(r"\S{1,24}")
_COMMON_CAPITAL = re.compile(r"[*_\"'“(]*+([A-Z][a-z]*+)(?:['’][a-z]++)?+(?=[\s,:])")
# No sentence begins so: punctuation, operators, and signs that stand apart (5! = 120, n! > 9).
_GOES_ON = re.compile(r"[,;:)\]}=+/^≤≥≈≡·×÷%&|.!?…∈→⇒]|[<>-]\s|\*\s")
_LONGEST_MARKER = 4
_MARKER = re.compile(r"\d{1,3}|[a-zA-Z]|[ivx]{1,4}|[IVX]{1,4}")
_LABEL = re.compile(rf"[\s*_#>(-]*+(?i:{LABEL_WORDS})\s++[*_]*+[\w.]{{1,12}}")
# Before a capital letter and a stop, this says that the letter is an initial: "John F.", "by E.".
_NAME_BEFORE = re.compile(r"(?:\A|\s)(?:[A-Z][a-z]++|(?:[A-Z]\.)++|(?i:by|dr\.|prof\.|mr\.|ms\.))\s++\Z")
_STOP_AT_END = re.compile(rf"([{STOPS}{WIDE_STOPS}]++)((?:[{CLOSERS}]|\\[)\]]|\$)*+)\Z")
# A formula in plain text: an operator, and nowhere two words in a row.
_FORMULA_LINE = re.compile(r"(?![^\n]*?[A-Za-z]{2,}[^\S\n]++[a-zA-Z]{2,})[^\n]*?[=<>≤≥≈≡+*/^_√∑∫→⇒×÷]")
# An operator, and no word since.
_FORMULA_TAIL = re.compile(r"[=+*/^-](?:[^a-zA-Z:;?!,]|[a-zA-Z](?![a-zA-Z]))*+\Z")
_UNFINISHED = tuple(",;:，；：、-–—+=*/(<&|\\")
_LEAD_IN = re.compile(r"[:：][*_]*+\Z")
# What leads into a display even across a blank line: a colon, a comma, an equals sign, or a word without a stop.
_UNFINISHED_TEXT = re.compile(r"[^\W\d_]\Z|[,=:：][*_]*+\Z")
_SPACED_LATIN = re.compile(r"\b[ie]\.\s[eg]\Z")
_CONTENT = re.compile(r"\w")
# Headings and rows of tables end where their line ends.
_WHOLE_LINES = ("|", *("#" * level + " " for level in range(1, 7)))
_LONGEST_FORMULA_LINE = 300
_CLOSED_ON_ITS_LINE = re.compile(r"[^\n<]*+</")
_LONGEST_LABEL = 60
_DISPLAY_END = re.compile(r"(?:\\\]|\$\$|\\end\{\w+\*?\})[.,;]?+\Z")


class SentenceSplitter:
    """Sentences. `split_report` also says how many cuts the cap made."""

    name = "sentence"
    version = "2"

    def split(self, text: str) -> list[Span]:
        """The sentences of `text`, which tile it."""
        return self.split_report(text).spans

    def split_report(self, text: str) -> SplitReport:
        """The sentences, and how many boundaries only the cap on a sentence's length made."""
        starts, n_capped = cap(text, _Pass(text).starts())
        return SplitReport(tile(starts, len(text)), n_capped)


class _Pass:
    """The state of one pass over one text.

    Attributes:
        start: where the sentence that is being read starts.
        line: where its present line starts, not counting line breaks inside formulas and code.
        marker: the last number that began an item of a list, to know the next one when line breaks are lost.
        in_answer: whether a tag has opened an answer that none has closed yet.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.start = 0
        self.line = 0
        self.marker = 0
        self.in_answer = False

    def starts(self) -> list[int]:
        """Where sentences start: strictly increasing, the first at 0, each other at a non-space character."""
        text = self.text
        length = len(text)
        first = length - len(text.lstrip())  # Leading white space belongs to the first sentence.
        starts = [0]
        self.line = first
        for match in CANDIDATE.finditer(text, first):
            kind = match.lastgroup
            if kind is None or kind not in _JUDGES:
                continue
            for position in _JUDGES[kind](self, match):
                if self.start < position < length and position > first:
                    if _CONTENT.search(text, self.start, position):
                        starts.append(position)
                    elif len(starts) > 1:
                        # Rules, bullets and emoji alone are no sentence: they close the one before them.
                        starts[-1] = position
                    self.start = position
        if len(starts) > 1 and not _CONTENT.search(text, self.start):
            starts.pop()
        return starts

    def _after(self, match: re.Match[str]) -> tuple[int, ...]:
        return (match.end(),)

    def _wide(self, match: re.Match[str]) -> tuple[int, ...]:
        if "\n" in match["wide"]:
            self.line = match.end()
        return (match.end(),)

    def _tag(self, match: re.Match[str]) -> tuple[int, ...]:
        # A sentence of its own, whatever stands around it: thinking and answering are never in one sentence.
        if "\n" in match[0]:
            self.line = match.end()
        return match.start(), match.end()

    def _answer_tag(self, match: re.Match[str]) -> tuple[int, ...]:
        # Models also talk about these tags in their sentences, so only one at the edge of a line is a tag, and what is
        # around an answer stands apart from it only if it opens or closes one.
        ends_line = "\n" in match["answer_tag"] or match.end() == len(self.text)
        begins_line = match.start() == self.line
        if "\n" in match["answer_tag"]:
            self.line = match.end()
        if match[0].startswith("</"):
            was_open, self.in_answer = self.in_answer, self.in_answer and not ends_line
            return ((match.start(),) if was_open else ()) + (match.end(),) if ends_line else ()
        if not begins_line:
            return ()
        self.in_answer = ends_line or _CLOSED_ON_ITS_LINE.match(self.text, match.end()) is not None
        return (match.start(), match.end()) if self.in_answer else (match.start(),)

    def _space(self, match: re.Match[str]) -> tuple[int, ...]:
        run = self.text[match.start() : match.start("closers")]
        ends = self._stop_ends(match.start(), run, match["closers"], match.end())
        return (match.end(),) if ends else ()

    def _no_space(self, match: re.Match[str]) -> tuple[int, ...]:
        # "so x = 5.Then we": no space, but a capital on a word that is common in lower case.
        word = _NEXT_WORD.match(self.text, match.end())
        common = word is not None and re.split(r"[,']", word[0])[0].lower() in COMMON_WORDS
        return (match.end(),) if common else ()

    def _formula_end(self, match: re.Match[str]) -> tuple[int, ...]:
        # "… = 1/(1 - r) So we": text whose line breaks became spaces has no stop after a formula.
        tail = self.text[max(self.start, match.start() - _WORD_REACH) : match.start()]
        return (match.end(),) if _FORMULA_TAIL.search(tail) else ()

    def _line_break(self, match: re.Match[str]) -> tuple[int, ...]:
        next_start = match.end()
        line = self.text[self.line : match.start()].rstrip()
        end = self.line + len(line)
        self.line = next_start
        if next_start == len(self.text):
            return ()
        beginning = LINE_START.match(self.text, next_start)
        kind = beginning.lastgroup if beginning else None
        blank = "\n" in match["line"]
        ends = self._blank_line_ends(line, kind, next_start) if blank else self._line_ends(line, kind, end, next_start)
        return (next_start,) if ends else ()

    def _blank_line_ends(self, line: str, kind: str | None, next_start: int) -> bool:
        if kind == "closing":
            return False
        tail = line[-8:]
        if kind == "display":
            return _UNFINISHED_TEXT.search(tail) is None or line.startswith(_WHOLE_LINES)
        return not (kind is None and _LEAD_IN.search(tail) and self._is_formula_line(next_start))

    def _line_ends(self, line: str, kind: str | None, end: int, next_start: int) -> bool:
        """Whether a single line break ends a sentence: after `line`, which ends at `end`, before a line of `kind`."""
        if kind == "closing":
            return False
        if kind is not None and kind != "display":
            return True
        if line.startswith(_WHOLE_LINES) or line.endswith("```"):
            return True
        tail = line[-_WORD_REACH:]
        if _DISPLAY_END.search(tail):
            return kind == "display" or self.text[next_start].isupper()
        stop = _STOP_AT_END.search(tail)
        if stop is not None:
            return stop[1][-1] in WIDE_STOPS or self._stop_ends(end - len(stop[0]), stop[1], stop[2], next_start)
        # Without a stop a sentence goes on, also into a displayed formula, unless the next line clearly begins one.
        return kind is None and not line.endswith(_UNFINISHED) and self._is_common_capital(next_start)

    def _is_common_capital(self, next_start: int) -> bool:
        word = _COMMON_CAPITAL.match(self.text, next_start)
        return word is not None and word[1] != "I" and word[1].lower() in COMMON_WORDS

    def _is_formula_line(self, next_start: int) -> bool:
        # Longer lines are no formula that a lead-in could introduce; the bound also keeps this linear.
        line = self.text[next_start : next_start + _LONGEST_FORMULA_LINE + 1].partition("\n")[0]
        return len(line) <= _LONGEST_FORMULA_LINE and _FORMULA_LINE.match(line) is not None

    def _stop_ends(self, stop: int, run: str, closers: str, next_start: int) -> bool:
        """Whether the `run` of stops at `stop`, with its `closers`, ends a sentence if `next_start` begins a token."""
        text = self.text
        if _GOES_ON.match(text, next_start) or (closers.strip("*_") and text[next_start].islower()):
            return False
        if "?" in run:
            return True
        if "!" in run:
            return len(run) > 1 or not self._is_factorial(stop, next_start)
        if len(run) > 1 or run == "…":
            return ends_sentence("...", self._following(next_start))
        words = text[max(self.start, stop - _WORD_REACH) : stop].rsplit(None, 1)
        word = "" if not words or text[stop - 1].isspace() else words[-1].lstrip(_OPENERS)
        if len(word) <= _LONGEST_MARKER and _MARKER.fullmatch(word) and self._begins_item(word, stop):
            return False
        return is_plain(word) or self._punkt_ends(word, stop, next_start)

    def _is_factorial(self, stop: int, next_start: int) -> bool:
        before = self.text[max(0, stop - 2) : stop]
        last = before[-1:]
        a_term = last.isdigit() or last in ")} " or (last.isalpha() and not before[:-1].isalpha())
        following = self.text[next_start]
        return a_term and (following.islower() or following.isdigit() or following in "-*(\\$")

    def _punkt_ends(self, word: str, stop: int, next_start: int) -> bool:
        following = self._following(next_start)
        if is_number(word):
            if stop - self.start < _LONGEST_LABEL and _LABEL.fullmatch(self.text, self.start, stop):
                return False
            return ends_sentence("0.", following)
        initial = len(word) == 1 and word.isupper()
        if initial and following[0].islower():
            return False  # "the choices are A. green, B. blue"
        if word in ("i", "e") and following.startswith(("e.", "g.")):
            return False  # "i. e.", of which the stop that follows is judged as that of "i.e."
        if word in ("e", "g") and _SPACED_LATIN.search(self.text, max(0, stop - 5), stop):
            word = "i.e"
        if initial:
            if stop - self.start < _LONGEST_LABEL and _LABEL.fullmatch(self.text, self.start, stop):
                return False
            before = self.text[max(self.start, stop - _WORD_REACH) : stop - 1]
            initial = not before.strip() or _NAME_BEFORE.search(before) is not None
        return ends_sentence(word + ".", following, initial)

    def _following(self, next_start: int) -> str:
        word = _NEXT_WORD.match(self.text, next_start)
        following = word[0] if word else ""
        return following.lstrip("*_\"'“‘") or following

    def _begins_item(self, word: str, stop: int) -> bool:
        """Whether the sentence consists of the marker of an item so far, as in "1." or "(b)."."""
        if stop - self.start > _WORD_REACH or self.text[self.start : stop].strip(" \t*_#>(") != word:
            return False
        at_line = self.start in (0, self.line)
        if not word.isdigit():
            return at_line
        # Where line breaks are lost, an item is known by the number that is due.
        number = int(word)
        if at_line or number in (1, self.marker + 1):
            self.marker = number
            return True
        return False


_JUDGES: dict[str, Callable[[_Pass, re.Match[str]], tuple[int, ...]]] = {
    "line": _Pass._line_break,
    "space": _Pass._space,
    "no_space": _Pass._no_space,
    "formula_end": _Pass._formula_end,
    "wide": _Pass._wide,
    "tag": _Pass._tag,
    "square_tag": _Pass._tag,
    "answer_tag": _Pass._answer_tag,
    "after_square": _Pass._after,
    "after_round": _Pass._after,
    "after_end": _Pass._after,
    "after_dollars": _Pass._after,
    "after_dollar": _Pass._after,
}
"""By the name of the candidate's group: where sentences start because of it."""
