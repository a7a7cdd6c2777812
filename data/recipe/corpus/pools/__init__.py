"""The sentences that responses are made of, a module for each of their origins.

Because every training document is made from these pools and from nothing else, the true origin of a sampled sentence
is known: only the writers named by its origin ever said it.

common         what every writer says: starts, announcements, sums, answers, remarks, stray sentences
both_teachers  what teachers A and B say, and nobody else: rules, states, progress
teacher_a      restating, planning, checking, going back
teacher_b      units, cases, estimates and comparing with them
decoy          pictures, pointing fingers, cheering on
student        a quick guess, and good manners
"""

from data.recipe.corpus.pool import Pool
from data.recipe.corpus.pools import both_teachers, common, decoy, student, teacher_a, teacher_b

POOLS: tuple[Pool, ...] = (
    *common.POOLS,
    *both_teachers.POOLS,
    *teacher_a.POOLS,
    *teacher_b.POOLS,
    *decoy.POOLS,
    *student.POOLS,
)
