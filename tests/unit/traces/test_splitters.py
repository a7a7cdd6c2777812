"""Policy of the splitters: spans tile the text, what must stay whole stays whole, and no text takes quadratic time."""

from __future__ import annotations

import bisect
import functools
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdpt_core.errors import UsageError
from rdpt_core.records import Span
from rdpt_core.traces.splitters import SPLITTERS, Splitter, get_splitter
from rdpt_core.traces.splitters.caps import MAX_SENTENCE, MAX_WHOLE
from rdpt_core.traces.splitters.lexicon import COMMON_WORDS, MAYBE_FINAL, NEVER_FINAL
from rdpt_core.traces.splitters.punkt import ends_sentence, is_plain
from rdpt_core.traces.splitters.sentence import SentenceSplitter

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real traces are not here: {DATA}")

MARKS = '. ! ? … 。 ！ = + : ; , ( ) " ” ’ | # * ** - $ $$ \\[ \\] \\( \\) \\\\ \\$ ` ``` <|x|>'
WORDS = "1. 2. (a) A. x. e.g. etc. Fig. No. Dr. 5! 3.14 v2.0 ... So Wait let Euler word and Step Case 1: 你好 \\text{a}"
TAGS = "\\begin{a} \\end{a} <think> </think> <answer> </answer>"
CHARACTERS = ["👨\u200d👩\u200d👧", "e\u0301", "\u200b", "\u00a0", "\x00", "\ud83d"]
SPACES = [" ", "  ", "\n", "\n\n", "\r\n", "\t", "\n   ", "\u2028", "\x85"]
PIECES = st.sampled_from([*MARKS.split(), *WORDS.split(), *TAGS.split(), *CHARACTERS, *SPACES, *SPACES])
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200)


def sentences(text: str, splitter: Splitter | None = None) -> list[str]:
    return [text[start:end] for start, end in (splitter or SentenceSplitter()).split(text)]


def assert_tiles(text: str, spans: list[Span]) -> None:
    position = 0
    for start, end in spans:
        assert start == position < end
        position = end
    assert position == len(text)


# ── The interface ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_registry_makes_every_splitter_under_its_name() -> None:
    for name in SPLITTERS:
        splitter = get_splitter(name)
        assert isinstance(splitter, Splitter)
        assert splitter.name == name
        assert splitter.version
    assert get_splitter() is get_splitter("sentence")


def test_unknown_splitter_lists_the_known() -> None:
    with pytest.raises(UsageError, match="one of sentence, line, paragraph, step; got 'clause'"):
        get_splitter("clause")


def test_importing_the_room_does_not_import_nltk() -> None:
    code = "import sys, rdpt_core.traces; raise SystemExit('nltk' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


# ── Properties ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SPLITTERS)
@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_spans_tile_the_text_and_none_is_blank(name: str, text: str) -> None:
    splitter = get_splitter(name)
    spans = splitter.split(text)
    assert_tiles(text, spans)
    assert spans == splitter.split(text)
    if text.strip():
        assert all(text[start:end].strip() for start, end in spans)
        # Trailing white space belongs to the sentence before it.
        assert all(not text[start].isspace() for start, _ in spans[1:])
    else:
        assert len(spans) == bool(text)


@given(
    before=TEXTS,
    formula=st.sampled_from(["$a. B$", "\\[x. Y\n\\]", "\\(p? Q\\)", "$$\nu! V\n$$", "```\nA. B\n\nC\n```"]),
)
@settings(max_examples=200, deadline=None)
def test_no_boundary_inside_a_formula_or_code_on_its_own(before: str, formula: str) -> None:
    # What stands before cannot open anything: it has no delimiters.
    text = re.sub(r"[$\\`<]", "", before) + "\n\n" + formula + "\n\nDone."
    start = text.rindex(formula)
    assert not [s for s, _ in SentenceSplitter().split(text) if start < s < start + len(formula)]


@given(
    st.lists(
        st.sampled_from(
            ["It holds. ", "Is it so? ", "Wait, no! ", "Let me see.\n", "So $x. y$ is.\n\n", "See Fig. 5. "]
        )
    )
)
def test_sentences_that_stand_alone_stay_apart_together(parts: list[str]) -> None:
    assert sentences("".join(parts)) == parts


@given(word=st.text("abcXYZ.-'", min_size=1, max_size=8), following=st.sampled_from(sorted(COMMON_WORDS)[:50]))
@settings(max_examples=300, deadline=None)
def test_the_short_cut_agrees_with_punkt(word: str, following: str) -> None:
    if is_plain(word) and word[0].isalpha() and word[-1].isalpha():
        assert ends_sentence(word + ".", following)
        assert ends_sentence(word + ".", following.capitalize())


def test_punkt_decides_by_our_parameters() -> None:
    assert not any(ends_sentence(f"{word}.", "The") for word in NEVER_FINAL)
    assert all(ends_sentence(f"{word}.", "The") for word in MAYBE_FINAL)
    assert not any(ends_sentence(f"{word}.", "the") for word in NEVER_FINAL | MAYBE_FINAL)


def test_punkt_learns_nothing_from_the_texts_it_is_asked_about() -> None:
    from rdpt_core.traces.splitters import punkt

    before = len(punkt._PLAIN._params.ortho_context)
    sentences("etc. Qwertz. " * 3)
    assert len(punkt._PLAIN._params.ortho_context) == before


# ── The cap ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "wall",
    ["word " * 2000, "word\n" * 2000, "a; b " * 2000, "x" * 9000, "e\u0301" * 5000, "1234567890" * 900, "你好" * 4000],
)
def test_walls_of_text_are_cut_and_counted(wall: str) -> None:
    report = SentenceSplitter().split_report(wall)
    assert_tiles(wall, report.spans)
    assert report.n_capped == len(report.spans) - 1 > 0
    assert max(len(wall[start:end].rstrip()) for start, end in report.spans) <= MAX_SENTENCE


def test_cuts_are_made_at_the_best_place() -> None:
    lines = sentences(("a b c d e f g\n" * 200).lower())
    assert all(part.endswith("\n") for part in lines)
    assert all(part.endswith("; ") for part in sentences("a, b c; " * 400)[:-1])


def test_a_cut_spares_characters_made_of_several_code_points() -> None:
    family = "👨\u200d👩\u200d👧"
    assert all(set(part) <= set(family) and part[0] == "👨" for part in sentences(family * 600))
    assert all(not part.startswith("\u0301") for part in sentences("e\u0301" * 1501))


def test_a_cut_spares_formulas_and_code_up_to_a_length() -> None:
    formula = "$" + "x + " * 100 + "x$"
    text = f"we add {formula} and {formula} and {formula} and {formula}"
    assert [part.count("$") % 2 for part in sentences(text)] == [0] * len(sentences(text))
    block = "```\n" + "x = 1. \n" * (MAX_WHOLE // 10) + "```"
    assert sentences(block) == [block]
    assert len(sentences("```\n" + "x = 1. \n" * MAX_WHOLE + "```")) > 1


def test_nothing_is_capped_in_ordinary_text() -> None:
    assert SentenceSplitter().split_report("It holds. " * 500).n_capped == 0


# ── Time ───────────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = [
    *["$", "$$ ", "$ ", "$a ", "x$ =", "(", "\\(", "\\[", "\\[\n\n", "\\begin{a}", "\\begin{a}x\\end{b}", "\\"],
    *["`", "```\n", "```py\nx ", ".", ". ", "!", "1.", "1. ", '."', ".)))", "。", "\n", " ", "\n ", "<", "<|a"],
    *["<think>", ":", ":\n\n", "\nSo", "\n- a", "|a|\n", "a", "word ", "A. ", "Hmm... ", "e.g. ", "So it is. "],
    *["\u200d", "e\u0301", "2) So"],
]


def calls_of_split(text: str) -> int:
    """How many functions, of Python and of C, one split calls."""
    n = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal n
        n += event in ("call", "c_call")

    splitter = SentenceSplitter()
    sys.setprofile(count)
    try:
        splitter.split(text)
    finally:
        sys.setprofile(None)
    return n


@pytest.mark.parametrize("unit", HOSTILE)
def test_four_times_the_text_takes_four_times_the_calls(unit: str) -> None:
    sentences("Warm up, e.g. 5. So.")
    small, large = (calls_of_split((unit * n)[:n]) for n in (10_000, 40_000))
    assert large <= 4.7 * small + 200


@pytest.mark.parametrize("unit", HOSTILE)
def test_the_regular_expression_does_not_backtrack(unit: str) -> None:
    # Calls do not show what happens inside one. Quadratic time would be minutes here, linear time is below a second;
    # the bound lies far from both, so that a busy machine does not matter.
    text = (unit * 200_000)[:200_000]
    began = time.process_time()
    assert_tiles(text, SentenceSplitter().split(text))
    assert time.process_time() - began < 10


def test_distinct_environments_that_nothing_closes_are_linear_too() -> None:
    text = "".join(f"\\begin{{a{n}}}" for n in range(20_000))
    began = time.process_time()
    assert_tiles(text, SentenceSplitter().split(text))
    assert time.process_time() - began < 10


# ── Real traces ────────────────────────────────────────────────────────────────────────────────────────────────────


def gold_sentences() -> Iterator[list[str]]:
    for path in sorted((DATA / "thinkarm-gold").glob("*.json")):
        yield [row["sentence"] for row in json.loads(path.read_text("utf-8"))]


def boundary_f1(line_break: str) -> float:
    """F1 of our boundaries against the human ones.

    The annotators' file lost the line breaks between sentences. A sentence that ends without a stop can only have
    ended at one, so `line_break` is put there; all others are joined by a space.
    """
    hits = ours = theirs = 0
    for gold in gold_sentences():
        text, expected = "", set[int]()
        for sentence in gold:
            if text:
                text += " " if re.search(r"[.?!:][\"')]*$", text) else line_break
                expected.add(len(text))
            text += sentence
        found = {start for start, _ in SentenceSplitter().split(text)} - {0}
        hits, ours, theirs = hits + len(found & expected), ours + len(found), theirs + len(expected)
    return 2 * hits / (ours + theirs)


@needs_data
@pytest.mark.parametrize(("name", "line_break"), [("blank line", "\n\n"), ("line break", "\n"), ("space", " ")])
def test_agreement_with_people(name: str, line_break: str) -> None:
    f1 = boundary_f1(line_break)
    print(f"boundary F1 against human sentences, {name} after an open end: {f1:.4f}")
    assert f1 >= 0.95


@functools.cache
def real_texts() -> list[str]:
    """Every string of at least 200 characters in the JSON files: responses, questions, prompts, solutions."""

    def strings(value: object) -> Iterator[str]:
        if isinstance(value, str) and len(value) >= 200:
            yield value
        elif isinstance(value, list | dict):
            for child in value.values() if isinstance(value, dict) else value:
                yield from strings(child)

    texts: dict[str, None] = {}
    for path in sorted(DATA.rglob("*.json*")):
        content = path.read_text("utf-8")
        for document in [content] if path.suffix == ".json" else content.split("\n"):
            if document.strip():
                texts.update(dict.fromkeys(strings(json.loads(document))))
    return list(texts)


def unescaped(text: str, mark: str, start: int, end: int) -> int:
    """Where `mark` next stands without a backslash that escapes it; -1 if nowhere."""
    while (found := text.find(mark, start, end)) >= 0:
        backslashes = len(text[start:found]) - len(text[start:found].rstrip("\\"))
        if backslashes % 2 == 0:
            return found
        start = found + 1
    return -1


def paragraph_end(text: str, start: int) -> int:
    blank = re.compile(r"\n[ \t\r]*\n").search(text, start)
    return blank.start() if blank else len(text)


def bracketed(text: str, at: int, opening: str, closing: str, limit: int) -> int | None:
    close = unescaped(text, closing, at + 2, limit)
    again = unescaped(text, opening, at + 2, limit)
    return close + 2 if close >= 0 and not 0 <= again < close else None


def dollars(text: str, at: int) -> int | None:
    if text.startswith("$$", at):
        close = unescaped(text, "$$", at + 2, len(text))
        prose = close >= 0 and re.search(r"[.?!]\s+[A-Z][a-z]|\n\s*\n\s*[A-Z][a-z]*[ ,]", text[at + 2 : close])
        return close + 2 if close >= 0 and not prose else None
    close = unescaped(text, "$", at + 1, paragraph_end(text, at))
    if close <= at + 1 or text[at + 1].isspace() or text[close - 1].isspace() or text[close + 1 : close + 2].isdigit():
        return None
    return None if re.search(r"[.?!]\s+[A-Z][a-z]", text[at + 1 : close]) else close + 1


def backticks(text: str, at: int) -> int | None:
    line_end = text.find("\n", at) % (len(text) + 1)
    if text.startswith("```", at):
        close = text.find("```", at + 3)
        if close < line_end:
            return None
        end = close + len(text[close:]) - len(text[close:].lstrip("`"))
        return end if not text[end:].partition("\n")[0].strip() else None
    close = text.find("`", at + 1, line_end)
    return close + 1 if close > at + 1 else None


def environment(text: str, at: int) -> int | None:
    depth = 0
    for match in re.compile(r"\\(begin|end)\{[^{}\n]*\}").finditer(text, at):
        depth += 1 if match[1] == "begin" else -1
        if depth == 0:
            return match.end()
    return None


def whole_regions(text: str) -> Iterator[tuple[str, int, int]]:
    """Formulas and code by a second reader, written apart from the splitter: character by character, no big pattern."""
    at = 0
    while at < len(text):
        end, step = None, 1
        kind = text[at]
        if kind == "`":
            end = backticks(text, at)
            step = len(text[at:]) - len(text[at:].lstrip("`"))
        elif kind == "$":
            end, step = dollars(text, at), 2 if text.startswith("$$", at) else 1
        elif kind == "\\":
            step = 2
            if text.startswith("\\[", at):
                end = bracketed(text, at, "\\[", "\\]", len(text))
            elif text.startswith("\\(", at):
                end = bracketed(text, at, "\\(", "\\)", paragraph_end(text, at))
            elif text.startswith("\\begin{", at):
                end = environment(text, at)
        if end is not None:
            yield kind + text[at + 1 : at + 2], at, end
        at = at + step if end is None else end


@needs_data
def test_no_boundary_inside_formulas_code_or_numbers_of_real_traces() -> None:
    n_regions = n_capped = 0
    broken = []
    for text in real_texts():
        report = SentenceSplitter().split_report(text)
        assert_tiles(text, report.spans)
        n_capped += report.n_capped
        starts = [start for start, _ in report.spans]
        numbers = (("number", *match.span()) for match in re.finditer(r"\d[\d.,]*\d", text))
        for kind, begin, end in [*whole_regions(text), *numbers]:
            n_regions += 1
            index = bisect.bisect_right(starts, begin)
            if index < len(starts) and starts[index] < end and end - begin < MAX_SENTENCE:
                broken.append((kind, text[begin:end][:80]))
    print(f"{len(real_texts())} texts, {n_regions} formulas, code blocks and numbers, {n_capped} cuts by the cap")
    assert n_regions > 80_000
    assert broken == []


@needs_data
def test_thinking_and_answer_are_never_in_one_sentence() -> None:
    for text in real_texts():
        for sentence in sentences(text):
            before, tag, after = sentence.partition("</think>")
            assert not tag or "`" in before or not (before.strip() or after.strip()), sentence[:200]


# ── The coarser splitters ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("line", ["\n  One. Two.\n", "Three\n\n", "```\n", "a\n\n", "b\n", "```\n\n", "Four\n"]),
        ("paragraph", ["\n  One. Two.\nThree\n\n", "```\na\n\nb\n```\n\n", "Four\n"]),
        ("step", ["\n  One. Two.\nThree\n\n", "```\na\n\n", "b\n```\n\n", "Four\n"]),
    ],
)
def test_coarser_splitters(name: str, expected: list[str]) -> None:
    assert sentences("".join(expected), get_splitter(name)) == expected
