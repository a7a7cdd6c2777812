"""Teachers that cannot be told apart."""

import numpy as np

from rdpt_core.analysis.attribution.relatives import find_relatives


def test_relatives_need_sentences_that_point_to_the_pair():
    member = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], bool)
    assert find_relatives(member, np.array([90.0, 5, 5, 100]), 2) == [[0, 1]]
    assert find_relatives(member, np.array([90.0, 50, 5, 100]), 2) == [[0], [1]]
    assert find_relatives(member, np.array([1.0, 0, 0, 100]), 2) == [[0], [1]]
