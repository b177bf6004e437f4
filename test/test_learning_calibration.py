"""From scores to chances: what is sorted and cut quickly is what would be found slowly."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yan_brain.learning import calibration
from yan_brain.learning.calibration import RARE, Shown, fit
from yan_brain.learning.ridge import RecursiveRidge

WIDTH = 9


def _shown(rng: np.random.Generator, count: int) -> Shown:
    own = rng.normal(size=WIDTH - 1) + 0.3 * rng.normal(size=(count, WIDTH - 1))
    return Shown.of(np.concatenate([own, np.ones((count, 1))], 1), 2.0 / count)


@given(st.integers(0, 200), st.integers(50, 300), st.integers(0, 2**32 - 1))
def test_the_rare_score_is_the_quantile_of_what_is_not_near(
        left_out: int, world: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(3, world))
    keep = max(1, world - left_out)
    scores[:, keep:] = -np.inf
    expected = np.quantile(scores[:, :keep], 1 - RARE, axis=1)
    np.testing.assert_allclose(calibration._rare(scores), expected, atol=1e-12)


@given(st.lists(st.integers(1, 14), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_blocks_left_out_score_as_if_never_learned(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    showings = [_shown(rng, count) for count in lengths]
    owner = np.arange(len(showings))

    def ridge(without: range | None = None, of: int = -1) -> RecursiveRidge:
        made = RecursiveRidge(width=WIDTH, ridge=1.0)
        for number, shown in enumerate(showings):
            kept = np.delete(shown.rows, list(without or ()), 0) if number == of else shown.rows
            made.add(kept, np.full(len(kept), shown.share))
        return made

    whole = ridge()
    pulls = np.array([shown.rows.sum(0) * shown.share for shown in showings])
    scores, whose = calibration._left_out(whole, showings, owner, whole.solve(pulls.T))
    chosen = int(rng.integers(len(showings)))
    rows, parts = showings[chosen].rows, min(calibration.BLOCKS, lengths[chosen])
    expected = []
    for part in range(parts):
        block = range(len(rows) * part // parts, len(rows) * (part + 1) // parts)
        kept = np.delete(rows, list(block), 0).sum(0) * showings[chosen].share
        expected += (rows[list(block)] @ ridge(block, chosen).solve(kept[:, None]))[:, 0].tolist()
    np.testing.assert_allclose(np.sort(scores[whose == chosen]), np.sort(expected), atol=1e-9)


@pytest.mark.parametrize('world', [0, 40, 600])
def test_many_at_once_are_judged_as_few_are(world: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(world)
    showings = [_shown(rng, int(count)) for count in rng.integers(1, 14, 40)]
    first = np.array([0, 3, 4, 11, 20, 21, 39], np.intp)
    ridge = RecursiveRidge(width=WIDTH, ridge=1.0)
    for shown in showings:
        ridge.add(shown.rows, np.full(len(shown.rows), shown.share))
    pulls = np.array([shown.rows.sum(0) * shown.share for shown in showings])
    weights = ridge.solve(np.add.reduceat(pulls, first, axis=0).T)
    ordinary = rng.normal(size=(world, WIDTH))

    def judged() -> np.ndarray:
        fits = fit(ridge, showings, first, weights, ordinary, 0.4, -0.3)
        return np.stack([fits.centre, fits.slope, fits.reach, fits.certainty])

    at_once = judged()
    monkeypatch.setattr(calibration, 'TOGETHER', 2)
    np.testing.assert_allclose(judged(), at_once, rtol=1e-9)
