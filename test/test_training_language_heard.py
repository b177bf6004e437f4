"""What a recogniser heard, labelled by what was said."""
from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yan_brain.signals import Skill
from yan_brain.training.language import (
    ANY_KIND,
    UNKNOWN_COLOUR,
    UNKNOWN_KIND,
    Utterance,
    draw_utterance,
    heard_pairs,
    record,
    relabel,
)
from yan_brain.training.language_heard import meaning_of, read_back


def test_relabel_finds_the_misheard_argument() -> None:
    for text, heard, argument in (
            ('go to the red ball', 'Go to the read bowl.', 'read bowl'),
            ('find the blue cone please', 'Find the blue comb, please.', 'blue comb'),
            ('please follow the blorp', 'please follow the blower', 'blower'),
            ('this is a zibby', 'This is as if he.', 'as if he'),
            ('where is the purple cylinder', 'where is the people selinder', 'people selinder'),
            ('the red ring is where you should go', 'The red bring is where you should go',
             'red bring')):
        said = read_back(text)
        assert said is not None
        moved = relabel(said, heard)
        assert moved.argument.endswith(argument.split()[-1]), (moved.argument, argument)
        assert (moved.skill, moved.colour, moved.kind) == (said.skill, said.colour, said.kind)
        assert moved.text == heard


def test_relabel_falls_back_to_the_last_words() -> None:
    said = read_back('find the red ball')
    assert said is not None
    assert relabel(said, 'mine zorro quux').argument == 'zorro quux'
    with pytest.raises(ValueError, match='nothing was heard'):
        relabel(said, '  ')
    stop = read_back('stop')
    assert stop is not None and relabel(stop, 'stop it').span == (0, 0)


def test_relabel_works_in_chinese() -> None:
    said = Utterance('去红球那里', 'zh', Skill.GO_TO, (3, 9), None, 0, 0, 0)
    assert said.argument == '红球'
    assert relabel(said, '去洪球那里').argument == '洪球'


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), heard=st.text('abc dé红球.,', min_size=1, max_size=30))
def test_relabel_always_gives_a_span_in_the_text(seed: int, heard: str) -> None:
    if not heard.strip():
        return
    said = draw_utterance(random.Random(seed))
    moved = relabel(said, heard)
    start, end = moved.span
    assert 0 <= start <= end <= len(moved.text.encode())
    assert moved.argument == moved.text.encode()[start:end].decode()


def test_pairs_are_read_with_and_without_labels(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / 'heard_en.jsonl'
    said = draw_utterance(random.Random(1), 'en', skill=Skill.FOLLOW, noise=False)
    said = replace(said, language='en')
    lines = [
        record(said, said.text),
        json.dumps({'text': 'Go to the red ball.', 'heard': 'go to the red bowl'}), '',
        json.dumps({'text': 'Turn left ninety degrees', 'heard': 'turn left 90 degrees'}),
        json.dumps({'text': 'stop', 'heard': ''}), json.dumps({'text': 'stop', 'heard': 'Well'}),
        json.dumps({'text': 'find the red ball', 'heard': 'find the'}),
        json.dumps({'text': 'colourless green ideas sleep', 'heard': 'colour less'}),
    ]
    path.write_text('\n'.join(lines), encoding='utf-8')
    with caplog.at_level('WARNING'):
        found = heard_pairs(path)
    assert found[0] == said
    assert [(u.skill, u.argument) for u in found[1:]] == [
        (Skill.GO_TO, 'red bowl'), (Skill.TURN, '')]
    assert found[2].amount == 90 and found[2].direction == 1
    assert '3 of which too little was heard, 1 whose text' in caplog.text


@pytest.mark.parametrize('line', ['{', '[]', '{"text": "stop"}', '{"text": "a", "heard": 3}',
                                  '{"text": "a", "heard": "a", "skill": "fly"}'])
def test_broken_pairs_are_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / 'pairs.jsonl'
    path.write_text(line, encoding='utf-8')
    with pytest.raises(ValueError, match=r'pairs\.jsonl, line 1'):
        heard_pairs(path)


def test_meanings_of_arguments() -> None:
    assert meaning_of('ball that is red') == (0, 0)
    assert meaning_of('something blue') == (4, ANY_KIND)
    assert meaning_of('big green-coloured traffic cone') == (3, 2)
    assert meaning_of('teal ball') == (UNKNOWN_COLOUR, 0)
    assert meaning_of('red blorp') == (0, UNKNOWN_KIND)
