"""The words that Punkt would learn from a corpus, written down by hand because no trained model is shipped.

Words are types as Punkt keeps them: in lower case and without their final stop.
"""

from __future__ import annotations


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


NEVER_FINAL = _words(
    """
    e.g i.e eg ie viz cf vs resp approx ca esp incl excl w.r.t wrt s.t a.k.a
    fig figs eq eqs eqn eqns thm thms defn chap pp
    dr mr mrs prof st mt sen rev hon capt sgt messrs mme mlle
    """
)
"""Abbreviations that something must follow, so that no sentence ends at one, whatever comes next."""

MAYBE_FINAL = _words(
    """
    etc al jr sr inc ltd co corp dept univ assn bros est ms gen rep col lt wlog w.l.o.g
    a.m p.m u.s u.k u.n e.u u.s.a d.c ph.d b.a m.a b.sc m.sc i.i.d q.e.d r.v
    sec secs ch pg par ref refs tab ex exs prob vol prop lem cor
    sq cu ft yd mi oz lb lbs hr hrs min mins max avg std var deg rad temp dist
    jan feb mar apr jun jul aug sept oct nov dec mon tue tues wed thu thur thurs fri sat
    """
)
"""Abbreviations that may also end a sentence; the word that follows decides, by Punkt's heuristics."""

NUMBERED = _words("no nos")
"""Words that are abbreviations before a number only: "No. 5", but "The answer is No. Then"."""

COMMON_WORDS = _words(
    """
    a about above according actually adding additionally after again ah aha all also alright alternatively although am
    an and angle another answer any apply applying are area as assume assuming at back based be because before being
    below besides between both but by calculate can case check checking circle clearly combining compare compute
    computing consequently consider continue convert converting correct could define did divide dividing do does double
    each earlier either else equation even every everything exactly expand expanding factor factoring few final
    finally find finding first firstly following for from further furthermore given go going good great had has have
    having he hence her here hint his hmm hold how however i if in indeed initially instead interesting is it its just
    last lastly later length let like likewise line look looking looks make maybe me meanwhile more moreover most
    multiply multiplying my need neither next no nope nor not note notice now number numbers of oh ok okay on once one
    only oops or original other otherwise our out over overall perfect perhaps plug plugging point please previous
    probably problem product put putting question really rearrange rearranging recall recalculate remember result
    rewrite right same second secondly see setting several she should similarly simplify simplifying since so solution
    solve solving some sometimes square start starting still step substitute substituting subtract subtracting such sum
    suppose sure take taking than thank thanks that the their them then there therefore these they think third this
    those though three through thus to together total triangle trying two uh under unless until up use using verify
    wait was we well were what when where whether which while who whose why will with without would write wrong yeah
    yes yet you your
    """
)
"""Words that stand in lower case inside sentences, so that a capital on one says that a sentence begins."""
