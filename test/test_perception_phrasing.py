"""The phrasing: a proper chance, however the text is cut, and one that has learned."""
from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yan_brain.perception.phrasing import Phrasing, Said, words_of

TEXTS = ['go to the red ball', 'go to the blue box', 'find the red box', 'stop', 'turn left',
         "where's the ball"]
LEARNED = Phrasing.learn(TEXTS)


def test_what_was_read_is_likelier() -> None:
    assert LEARNED.chance('go to the red ball') > LEARNED.chance('go to the red wall') + 3
    assert LEARNED.chance('go to the red ball') > LEARNED.chance('ball red the to go') + 5
    assert math.isfinite(LEARNED.chance('a completely unheard of thing'))
    assert LEARNED.knows('ball') and not LEARNED.knows('wall')


@pytest.mark.parametrize('said', [Said(), Said('to', 'the'), Said('red', 'ball'),
                                  Said('no', 'such')])
def test_chances_of_what_comes_next_add_up_to_one(said: Said) -> None:
    total = sum(math.exp(LEARNED.write(said, letter)[1])
                for letter in "abcdefghijklmnopqrstuvwxyz0123456789'")
    total += math.exp(LEARNED.close(said))
    assert total == pytest.approx(1.0, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abgolrst '.-?", max_size=30), st.integers(1, 5))
def test_pieces_add_up_to_the_whole(text: str, size: int) -> None:
    whole_at, whole = LEARNED.write(Said(), text)
    at, total = Said(), 0.0
    for start in range(0, len(text), size):
        at, chance = LEARNED.write(at, text[start:start + size])
        total += chance
    assert at == whole_at
    assert total == pytest.approx(whole)


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    LEARNED.save(tmp_path / 'p.npz')
    again = Phrasing.load(tmp_path / 'p.npz')
    for text in (*TEXTS, 'go to the wall'):
        assert again.chance(text) == LEARNED.chance(text)


def test_words_and_nothing() -> None:
    assert words_of('Where\u2019s the Forty-Five?') == ["where's", 'the', 'forty', 'five']
    with pytest.raises(ValueError, match='no words'):
        Phrasing.learn(['', '...'])
