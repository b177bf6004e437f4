"""What robots of a fleet say is judged before any of it is used."""
from __future__ import annotations

import numpy as np
import pytest
from fleet_parcels import F, make_lesson, make_parcel, make_trick

from yan_brain.learning.fleet_messages import (
    MOST_LISTED,
    Have,
    Want,
    lesson_of,
    listed,
    sent_trick,
)

GOOD = {'concept': 'blorp', 'core': 'test', 'taught_s': 1.0, 'width': F,
        'features': np.ones(2 * F, np.float32), 'background': np.ones(F, np.float32)}


def test_a_lesson_comes_out_as_it_went_in() -> None:
    lesson = make_lesson('blorp', 3)
    back = lesson_of(concept=lesson.concept, core=lesson.core, taught_s=lesson.taught_s, width=F,
                     features=lesson.features.ravel(), background=lesson.background.ravel())
    assert back.checksum() == lesson.checksum()
    trick = make_trick('跳舞', 0.1, 3.7)
    assert sent_trick(name=trick.name, content=trick.content(), taught_s=3.7) == trick


@pytest.mark.parametrize(('change', 'says'), [
    ({'concept': ''}, 'cannot be used'), ({'concept': 'Blorp '}, 'no name as it is kept'),
    ({'concept': 'x' * 100}, 'cannot be used'), ({'core': 'a\nb'}, 'printable'),
    ({'core': ''}, 'printable'), ({'taught_s': float('nan')}, 'taught at nan'),
    ({'taught_s': -1.0}, 'taught at -1'), ({'width': 0}, 'rows of 0'),
    ({'width': 3}, 'no whole rows'), ({'width': 10**6}, 'rows of 1000000'),
    ({'features': np.empty(0, np.float32)}, 'or none'),
    ({'features': np.full(F, np.nan, np.float32)}, 'NaN'),
    ({'background': np.full(F, np.inf, np.float32)}, 'NaN or infinity'),
    ({'features': np.ones(F * 2**18, np.float32)}, 'allowed: up to')])
def test_a_lesson_that_cannot_be_right_is_refused(change: dict[str, object], says: str) -> None:
    lesson_of(**GOOD)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=says):
        lesson_of(**GOOD | change)  # type: ignore[arg-type]


@pytest.mark.parametrize(('content', 'says'), [
    ('', 'cannot be read'), ('[]', 'cannot be read'), ('[' * 90_000, 'cannot be read'),
    ('{"steps": []}', 'cannot be read'), ('x' * 200_000, 'allowed: 100000'),
    (make_trick('a', 1.0, 1.0).content().replace('move', 'fly'), 'cannot be read'),
    (make_trick('a', 1.0, 1.0).content().replace('1.0', 'NaN'), 'cannot be read'),
    (make_trick('a', 1.0, 1.0).content().replace('1.0', '1' + '0' * 400), 'cannot be read'),
    (make_trick('a', 1.0, 1.0).content().replace('1.0', '"x"'), 'cannot be read'),
    (make_trick('a', 1.0, 1.0).content()[:-1] + ', "more": 1}', 'more than this version')])
def test_a_trick_that_cannot_be_right_is_refused(content: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        sent_trick(name='a', content=content, taught_s=1.0)


def test_messages_that_cannot_be_right_are_refused() -> None:
    with pytest.raises(ValueError, match='multiples of 16'):
        listed(b'x' * 17)
    with pytest.raises(ValueError, match='does not fit its checksum'):
        make_parcel(make_lesson('blorp', 1), bytes(16))
    with pytest.raises(ValueError, match='the name of a robot'):
        Want(sender=1, robot='\x00', asked=2)
    for count, some in ((0, 1), (MOST_LISTED + 1, 0)):
        with pytest.raises(ValueError, match='are believed'):
            Have(sender=1, robot='a', summary=bytes(16), count=count,
                 checksums=(bytes(16),) * some)
