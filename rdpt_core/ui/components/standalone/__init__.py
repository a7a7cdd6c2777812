"""One trace as one HTML file that needs nothing else: no server, no network, no other file.

It holds the reader as the app has it, the data as JSON, and the run's reproducibility card. Its own policy lets the
browser run the one script whose hash it names and forbids everything else, so that whatever stands in the trace cannot
load, send or change a thing. Every text of the data is either JSON for `textContent` or escaped.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import numpy as np

from rdpt_core import __version__
from rdpt_core.analysis.attribution.methods import attribution_sentence
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import can_attribute
from rdpt_core.analysis.attribution.trace import load_trace_attribution
from rdpt_core.analysis.catalog import recorded_as
from rdpt_core.analysis.evidence.context import load_short_gaps
from rdpt_core.analysis.evidence.importance.columns import load_trace_importance
from rdpt_core.analysis.evidence.overlap.stored import load_trace, load_training_set
from rdpt_core.analysis.evidence.p_values.data import evidence_from
from rdpt_core.analysis.evidence.p_values.methods import MEANING, evidence_sentence
from rdpt_core.analysis.evidence.p_values.references import references_of
from rdpt_core.analysis.labels import UNCERTAIN_PART
from rdpt_core.analysis.schemes import WITHOUT_TEACHER, scheme_of
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.analysis.trace.others import load_others, others_of
from rdpt_core.analysis.trace.tokens import SentenceTokens, Strip, load_trace_tokens, strip_of
from rdpt_core.analysis.trace.view import TraceView
from rdpt_core.analysis.which_teacher import teacher_name
from rdpt_core.records import Role, Trace
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import Reader, Run
from rdpt_core.ui.components import bundle
from rdpt_core.ui.components.reader import payload
from rdpt_core.ui.components.reader.answers import sentence_answers
from rdpt_core.ui.components.reader.evidence import SentenceEvidence, evidence_of_trace
from rdpt_core.ui.components.reader.formulas import formulas_payload
from rdpt_core.ui.style import theme, words

_FEATURES = ("joint", "thresholds", "card", "search")
# What the hash in the policy covers is exactly what stands between the tags.
_SCRIPT = f"{payload.SCRIPT}\n{bundle.text('standalone/standalone.js')}"


def standalone_html(
    reader: Reader,
    run: Run,
    view: TraceView,
    attribution: AttributionRule | None = None,
    temperatures: Mapping[str, float] | None = None,
    evidence: SentenceEvidence | None = None,
) -> str:
    """The file. The same trace under the same rules gives the same bytes.

    Args:
        reader: one that was told how the run is seen.
        attribution: thresholds of attribution, for a run that has something to tell apart; by default those documented.
        temperatures: role → temperature, where models are brought to one scale.
        evidence: of the sentences, where it is known already; by default the run is read for it.
    """
    by = (attribution or AttributionRule.make()) if can_attribute(run) else None
    evidence = evidence or evidence_of_trace(evidence_from(reader, run), view)
    data = _data(reader, run, view, by, temperatures, evidence)
    style = _style()
    policy = (
        f"default-src 'none'; script-src '{_hash(_SCRIPT)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = f"Trace {words.plain(view.trace.trace_id, 80)}"
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f"<title>{escape(title)} – RDPT Explorer</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n",
            f"<h1>{escape(title)}</h1>\n",
            _asked(view.trace),
            '<div id="reader"></div>\n',
            f"<noscript><p>Labels need JavaScript. The text:</p><pre>{_text(view.trace.response)}</pre></noscript>\n",
            _card(run, view, by, evidence, _trained_on(reader, run)),
            "</main>\n",
            f"<footer><p>Made by RDPT Explorer {escape(__version__)}. {escape(_explained(run))}</p></footer>\n",
            f'<script type="application/json" id="data">{_json(data)}</script>\n',
            f'<script type="module">{_SCRIPT}</script>\n</body>\n</html>\n',
        ]
    )


def _explained(run: Run) -> str:
    labels = "Every sentence carries the label of whoever finds it likely"
    if scheme_of(run.roles) is WITHOUT_TEACHER:
        labels = "Every sentence is Gained, Kept or Lost by what training did to it, and Gained is not Teacher"
    return f"{labels}; p is the geometric mean of a model's token probabilities over the sentence."


def file_name(view: TraceView) -> str:
    """A name for the file that every file system takes."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in view.trace.trace_id)
    return f"trace-{kept.strip('-.')[:80] or text_hash(view.trace.response)}.html"


def _data(
    reader: Reader,
    run: Run,
    view: TraceView,
    by: AttributionRule | None,
    temperatures: Mapping[str, float] | None,
    evidence: SentenceEvidence | None,
) -> dict[str, Any]:
    key = f"{run.run_id}/{view.trace_no}"
    math = formulas_payload(view.texts(), "main", key)
    features = (*_FEATURES, "math") if math["formulas"] else _FEATURES
    state = payload.ReaderState(features=features, has_link=False)
    others = load_others(reader, run, view.trace_no, view.rule) if view.is_scored else ()
    answers = None
    if by is not None and view.is_scored:
        found = load_trace_attribution(reader, run, view.trace_no, view.rule, by, temperatures)
        answers = sentence_answers(found, view.sentences.num_rows)
    importance = load_trace_importance(reader, run, view.trace_no) if view.is_scored else {}
    short = load_short_gaps(reader, run, view.trace_no, view.rule) if view.is_scored else None
    training = load_trace(reader, run, view.trace_no) if view.is_scored else ()
    known = payload.Extras(teacher_name(run), others, answers, evidence, importance, short, training)
    text = payload.text_payload(view, key, extras=known)
    return {
        "text": {**text, "strip": _strips(load_trace_tokens(reader, run, view), view)},
        "labels": payload.labels_payload(view, key, state),
        "math": math,
    }


def _strips(tokens: Mapping[str, SentenceTokens], view: TraceView) -> dict[str, Strip]:
    """Sentence → its tokens, from one sorting of every role's tokens."""
    if not tokens:
        return {}
    n = view.sentences.num_rows
    order_of = {}
    for role, role_tokens in tokens.items():
        order = np.argsort(role_tokens.sentence_index, kind="stable")
        order_of[role] = (order, np.searchsorted(role_tokens.sentence_index[order], np.arange(n + 1)))
    spans = zip(view.column("char_start"), view.column("char_end"), strict=True)
    strips = {}
    for index, (start, end) in enumerate(spans):
        sentence_tokens = {}
        for role, role_tokens in tokens.items():
            order, edges = order_of[role]
            chosen = order[edges[index] : edges[index + 1]]
            sentence_tokens[role] = SentenceTokens(
                *(
                    getattr(role_tokens, name)[chosen]
                    for name in ("char_start", "char_end", "logprob", "sentence_index")
                )
            )
        strips[str(index)] = strip_of(sentence_tokens, start, end, index)
    return strips


def _asked(trace: Trace) -> str:
    turns = [(message.speaker, message.text) for message in trace.messages] or [("prompt", trace.prompt or "")]
    graded = {True: "✓ correct", False: "✗ incorrect", None: "not graded"}[trace.correct]
    terms = [
        ("gold answer", trace.gold if trace.gold is not None else "unknown"),
        ("graded", graded),
        ("benchmark", trace.benchmark),
        ("domain", trace.domain),
        ("difficulty", trace.difficulty),
        ("written by", trace.model),
        ("sample", str(trace.sample)),
        ("question id", trace.question_id),
        ("trace id", trace.trace_id),
    ]
    is_conversation = len(turns) > 1
    asked = "".join(
        f"{f'<p><b>{_text(role)}</b></p>' if is_conversation else ''}<pre>{_text(content)}</pre>"
        for role, content in turns
    )
    return f'<section class="asked" aria-label="Question and answer">{asked}{_terms(terms, kind="short")}</section>\n'


def _trained_on(reader: Reader, run: Run) -> str | None:
    """The training texts that sentences were looked up in; None where there are none."""
    found = load_training_set(reader, run)
    if found is None:
        return None
    names = ", ".join(words.plain(name, 80) for name in found.names)
    return f"{names}: {words.count(found.n_records, 'record')}, {words.count(found.n_sentences, 'sentence')}"


def _card(
    run: Run, view: TraceView, by: AttributionRule | None, evidence: SentenceEvidence | None, trained_on: str | None
) -> str:
    rule = view.rule
    environment = run.environment[-1] if run.environment else {}
    packages = environment.get("packages", {})
    terms = [
        ("run", f"{run.name} ({run.run_id})"),
        ("teacher", teacher_name(run)),
        ("other models", "; ".join(f"{other.name} ({other.group}): {other.model}" for other in others_of(run))),
        ("attribution", None if by is None else attribution_sentence(run, by)),
        ("evidence", None if evidence is None else f"{evidence_sentence(references_of(run))} {MEANING}"),
        ("training texts", trained_on),
        ("traces hash", run.traces_hash),
        ("text hash", text_hash(view.trace.response)),
        ("template policy", run.template_policy),
        ("marks of thinking", str(seen_marks(run.identity).policy)),
        *((f"numbers of the {role}", told) for role, told in recorded_as(run).items()),
        ("splitter", f"{run.splitter} {run.splitter_version}"),
        ("unit, space", f"{rule.unit}, {rule.space}"),
        ("marks of format", "labelled like sentences" if rule.marks else "not labelled"),
        ("uncertain", f"a margin below {UNCERTAIN_PART:g} β"),
        ("device", " ".join(str(environment[name]) for name in ("device", "device_name") if name in environment)),
        ("versions", ", ".join(f"{name} {version}" for name, version in packages.items())),
    ]
    models = [
        {
            "role": _role(run, model.role),
            "model": model.model,
            "revision": model.revision,
            "dtype": model.precision,
            "backend": model.backend,
            "template": ", ".join(filter(None, [model.template, str(run.template_settings(model.role))])),
            "marks of thinking": seen_marks(run.identity).family(model.role) or "the writer's",
            "tokenizer": model.tokenizer_hash,
            "parameters": "unknown" if model.n_parameters is None else f"{model.n_parameters:,}",
            "context": "no limit stated" if model.context_length is None else f"{model.context_length:,}",
        }
        for model in run.models
    ]
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in models[0]) if models else ""
    body = "".join(f"<tr>{''.join(f'<td>{_text(str(cell))}</td>' for cell in row.values())}</tr>" for row in models)
    thresholds = f'<div><dt>thresholds shown</dt><dd id="rule">{_text(words.thresholds(run.roles, rule))}</dd></div>'
    return (
        '<section aria-labelledby="made"><h2 id="made">How this was made</h2>\n'
        f'<div class="wide" tabindex="0" role="region" aria-label="Models"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>\n{_terms(terms, thresholds)}</section>\n"
    )


def _role(run: Run, role: str) -> str:
    """A role, with the name of the teacher where the run has several."""
    name = teacher_name(run) if role == Role.TEACHER else None
    return role if name is None else f"{role} “{name}”"


def _terms(terms: Iterable[tuple[str, str | None]], further: str = "", kind: str = "long") -> str:
    rows = "".join(f"<div><dt>{_text(term)}</dt><dd>{_text(value)}</dd></div>" for term, value in terms if value)
    return f'<dl class="{kind}">{rows}{further}</dl>'


def _text(value: str) -> str:
    # A carriage return or a null would be changed by the parser; what is not shown anyway may as well be a space.
    return escape(value).replace("\r", "&#13;").replace("\0", "\ufffd")


def _json(value: Any) -> str:
    """JSON that ends no script element and holds no character that a script may not."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _style() -> str:
    light, dark = (theme.css_variables(mode) for mode in theme.MODES)
    modes = f":root {{\n{light}\n}}\n@media screen and (prefers-color-scheme: dark) {{\n:root {{\n{dark}\n}}\n}}\n"
    return f"\n{modes}{payload.STYLE}\n{bundle.text('standalone/standalone.css')}"


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
