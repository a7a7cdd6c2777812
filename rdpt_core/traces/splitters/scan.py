"""One pass over a text: one regular expression that finds every place where a sentence may end.

What must stay whole (formulas, code) is matched as a whole, and so skipped at the speed of the regular expression
engine. Two habits keep the pass linear in the text, whatever the text:

* The expression begins with one set of characters, over which the engine leaps to the next place of interest.
* Repetitions are possessive and stop at the next delimiter of their own kind. So a delimiter that nothing closes
  costs one scan up to the next one, and then counts as text.
"""

from __future__ import annotations

import re

STOPS = ".!?…"
WIDE_STOPS = "。！？｡।॥؟۔"
CLOSERS = "\"'”’»›)\\]}*_\u200b\u200d\ufeff"
"""Quotes, brackets, emphasis and zero-width characters that belong to the stop before them. For use in a set."""

_WIDE_CLOSERS = "」』”’）】》〉"
_BLANK = r"\n[^\S\n]*+\n"
_PROSE = r"\s++[A-Z][a-z]"  # After a stop, this is text: an unmatched $ (money) must not reach into the next sentence.
_PARAGRAPH_OF_TEXT = r"\n[^\S\n]*+\n\s*+[A-Z][a-z]*+[ ,]"

THINKING_TAGS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad"
ANSWER_TAGS = "answer|final_answer|solution|output|conclusion|response"
HEADER_TOKENS = "start|begin|open|close|channel|constrain|im_start|start_header_id|header_start|start_of_role"
"""Names of the tokens `<|…|>` that open a header."""
HEADER_NAMES = "assistant|user|system|developer|tool|model|analysis|commentary|final|thought|think|json"
"""Who speaks, or on which channel: it belongs to the token before it."""
_HEADER = rf"(?:{HEADER_NAMES})(?:\x20to=[\w.-]{{1,60}})?"
_SPECIAL_TOKEN = rf"""(?:
    (?: \|(?:{HEADER_TOKENS})\|>
      | \|(?:channel|turn)> | start_of_turn> ) (?: {_HEADER} (?=\s*+(?:<|\Z)|\n) )?+
  | \|[A-Za-z][\w\x20]{{2,38}}\|> | ｜[^｜<>\n]{{1,40}}｜>
  | \|think> | (?:channel|turn)\|> | end_of_turn> | eos> | /s>(?=\s*+\Z)
)"""
_PARTING_TAG = rf"(?: /?(?:[a-z]{{1,16}}:)?(?i:{THINKING_TAGS})(?::[a-z]{{1,16}})?> | {_SPECIAL_TOKEN} )"
# No formula and no block of code reaches out of the thinking, even if one was left open there. Code may well speak of
# the tags, so there only one at the beginning of a line counts.
_LESS = rf"<(?!{_PARTING_TAG})"
_LESS_IN_CODE = rf"<(?!(?<=\n<)/(?i:{THINKING_TAGS})>)"


def _after_display(name: str) -> str:
    # A displayed formula ends its sentence if a capitalised word follows it on the same line.
    return rf"(?P<after_{name}>[^\S\n]++(?=[A-Z][a-z']*+[\s,]))?+"


def _environment(inner: str) -> str:
    return rf"\\begin\{{[^{{}}\n]*+\}}(?:{inner})*+\\end\{{[^{{}}\n]*+\}}"


# `re` has no recursion: four levels of environments, which holds every formula that people write.
_LEAF = rf"[^\\<]++|{_LESS}|\\(?!begin\{{|end\{{)"
_NESTED = _environment(f"{_LEAF}|{_environment(f'{_LEAF}|{_environment(_LEAF)}')}")

_ODD = rf"{_LESS} | \\(?=\n)"
_IN_DOLLARS = rf"[^$\\\n.?!<]++ | {_ODD} | \\[^\n] | [.?!](?!{_PROSE})"

_BACKSLASH = rf"""
    \[ (?: [^\\\n<]++ | {_ODD} | \\[^\[\]\n] | (?!{_PARAGRAPH_OF_TEXT})\n )*+ \\\] {_after_display("square")}
  | \( (?: [^\\\n<]++ | {_ODD} | \\[^()\n] | (?!{_BLANK})\n )*+ \\\)
       (?: (?: (?<=[.?!]\\\)) | (?<=[.?!]\s\\\)) ) (?P<after_round>[^\S\n]++(?=[A-Z])) )?+
  | begin\{{(?P<environment>\w++\*?+)\}} (?:{_LEAF}|{_NESTED})*+ \\end\{{(?P=environment)\}} {_after_display("end")}
  | [^\n<]
"""

_DOLLAR = rf"""
    \$ (?: {_IN_DOLLARS} | \$(?!\$) | (?!{_PARAGRAPH_OF_TEXT})\n )*+ \$\$
       {_after_display("dollars")}
  | (?![\s$]) (?: {_IN_DOLLARS} | (?!{_BLANK})\n )*+ (?<!\s)\$(?!\d)
       (?: (?<=[.?!]\$) (?P<after_dollar>[^\S\n]++(?=[A-Z])) )?+
  | (?=[^\S\n]) (?=[^$\n\\^_={{]*+[\\^_={{]) (?: {_IN_DOLLARS} )*+ (?<=\s)\$(?![\d$])
  | \$*+
"""

_FENCE_AFTER_ONE = rf"``[^`\n]*+\n(?:[^`<]++|{_LESS_IN_CODE}|`(?!``))*+```++(?=[^\S\n]*+(?:\n|\Z))"
_BACKTICK = rf"""
    {_FENCE_AFTER_ONE}
  | [^`\n]++`
  | `[^`\n]++``
  | `*+
"""

_TAG = rf"""
    {_PARTING_TAG} (?P<tag>\s*+)
  | /?(?i:{ANSWER_TAGS})> (?P<answer_tag>\s*+)
"""

_STOP = rf"""
    [{STOPS}]*+ (?P<closers>[{CLOSERS}]*+) (?P<space>[^\S\n]++(?=\S))
  | (?<=[^\W_][.?!]|[)\]}}][.?!]) (?P<no_space>(?=[A-Z][a-z]*+[ ,']))
  | [{STOPS}]*+
"""

_STARTERS = (
    r"(?:So|But|And|Then|Thus|Therefore|Hence|Now|Wait|Hmm|Okay|Because|Since|Let|That|This|These|Right|Which|When"
    r"|However|Alternatively|Similarly|Also|Next|Finally|First|In|To|We|It|If)(?:['’][a-z]++)?+(?:,?[ ]|\?)"
)

CANDIDATE = re.compile(
    rf"""
    [\n {STOPS}{WIDE_STOPS}\\$`<\[]
    (?:
        # Spaces are by far the most frequent: told apart first, they cost one look instead of one a kind of place.
        (?<=[ ]) (?<=[\d)\]}}][ ]) (?P<formula_end>(?=[A-Z][a-z]) (?={_STARTERS}))
      | (?<![ ])
        (?:
            (?<=\n) (?P<line>\s*+)
          | (?<=[{STOPS}]) (?: {_STOP} )
          | (?<=\\) (?: {_BACKSLASH} )
          | (?<=\$) (?: {_DOLLAR} )
          | (?<=`) (?: {_BACKTICK} )
          | (?<=<) (?: {_TAG} )
          | (?<=\[) /?THINK\] (?P<square_tag>\s*+)
          | (?<=[{WIDE_STOPS}]) (?P<wide>[{STOPS}{WIDE_STOPS}]*+[{_WIDE_CLOSERS}]*+(?:["'*_]++(?=\s|\Z))?+\s*+)
        )
    )
    """,
    re.VERBOSE,
)
"""Matches at every place where a sentence may end; the name of the last group says which kind of place it is.

line        a line break with all white space around it that follows
space       a stop, its closers, and space on the same line; `closers` is set too
no_space    a stop with a capitalised word directly after it
formula_end a space between what may end a formula and a word that begins many sentences
wide        a stop that needs no space after it
tag         a tag that parts thinking from answering, with the space after it
square_tag  the same in square brackets
answer_tag  a tag that counts only at the beginning or the end of a line
after_…     space after a formula that ends a sentence
None or environment: a formula or code to be skipped
"""

FORMULA_OR_CODE = re.compile(
    rf"[\\$`](?: (?<=\\)(?:{_BACKSLASH}) | (?<=\$)(?:{_DOLLAR}) | (?<=`)(?:{_BACKTICK}) )", re.VERBOSE
)
"""The formulas and code of `CANDIDATE` alone. Also matches single delimiters, which are as short as they look."""

FENCE = re.compile(rf"`{_FENCE_AFTER_ONE}")
"""A fenced block of code. A fence that nothing closes is text, lest a trace that was cut off be one sentence."""

LABEL_WORDS = (
    "step|case|part|claim|lemma|theorem|proposition|corollary|definition|proof|example|question|problem|exercise"
    "|method|approach|option|section|chapter|rule|property|phase|stage"
)
"""Words that, with a number or a letter, name the sentence after them: "Step 1." """
_NUMERAL = r"\d{1,3} | [IVX]{1,4} | [ivx]{1,4}"
LINE_START = re.compile(
    rf"""
    (?P<display> \\\[ | \$\$ | \\begin\{{ )
  | (?P<fence> ``` )
  | (?P<heading> \#{{1,6}}[^\S\n] )
  | (?P<table> \| )
  | (?P<rule> (?: -{{3,}} | \*{{3,}} | _{{3,}} | ={{3,}} )[^\S\n]*+(?:\n|\Z) )
  | (?P<item> (?: [-*•◦▪▸►●○■] | \(?(?: {_NUMERAL} | [a-zA-Z] )[.)] | \d\ufe0f?\u20e3 )[^\S\n]++\S )
  | (?P<bold> \*\*[A-Z] )
  | (?P<label> (?i: {LABEL_WORDS} )[^\S\n]++(?: {_NUMERAL} | [A-Z] )[.:)] )
  | (?P<closing> </(?i:{ANSWER_TAGS})> )
  | (?P<tag> </?(?i:{THINKING_TAGS}|{ANSWER_TAGS})> | <(?:{_SPECIAL_TOKEN}) )
    """,
    re.VERBOSE,
)
"""What a line may begin with so that a sentence begins there; the last group's name says what it is."""
