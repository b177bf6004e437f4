"""Generated instructions: labels fit the text, the held-out side is really held out."""
from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yan_brain.signals import TARGET_SKILLS, Skill
from yan_brain.simulation.things import COLOURS, KINDS
from yan_brain.training import language_words as words
from yan_brain.training.language import (
    ANY_COLOUR,
    ANY_KIND,
    SKILL_WEIGHTS,
    UNKNOWN_COLOUR,
    UNKNOWN_KIND,
    Utterance,
    draw_utterance,
    evaluation_phrase,
    grammar,
    halved,
)
from yan_brain.training.language_grammar import build, expand, plain
from yan_brain.training.language_heard import read_back
from yan_brain.training.language_noise import dress
from yan_brain.training.language_numbers import (
    digits_of,
    draw_move,
    draw_turn,
    is_held_out,
    say_en,
    say_zh,
)
from yan_brain.training.language_phrasings import phrasings

MOTIONS = (Skill.MOVE, Skill.TURN)
NAMED = TARGET_SKILLS | {Skill.TEACH, Skill.FORGET, Skill.TRICK, Skill.WHEN, Skill.PERFORM}
SIDED = {*MOTIONS, Skill.WATCH, Skill.FEEDBACK}
LESSONS = {Skill.TRICK, Skill.WHEN, Skill.WATCH, Skill.PERFORM, Skill.FEEDBACK}


def draws(count: int, seed: int = 0, **how: object) -> list[Utterance]:
    rng = random.Random(seed)
    return [draw_utterance(rng, **how) for _ in range(count)]  # type: ignore[arg-type]


# ---- the grammar --------------------------------------------------------------------------

def test_expand_writes_all_alternatives() -> None:
    assert expand('(go|drive) to {t}[ now]') == [
        'go to {t} now', 'go to {t}', 'drive to {t} now', 'drive to {t}']
    assert expand('去{t}(那里|那[儿|边])', spaced=False) == [
        '去{t}那里', '去{t}那儿', '去{t}那边', '去{t}那']


@pytest.mark.parametrize('broken', ['(a|b', 'a)', '[a', 'a]b', '(a]'])
def test_expand_names_broken_brackets(broken: str) -> None:
    with pytest.raises(ValueError, match='template'):
        expand(broken)


def test_too_many_expansions_are_refused() -> None:
    with pytest.raises(ValueError, match='expansions'):
        expand('(a|b|c|d|e|f)' * 6)


@pytest.mark.parametrize('language', ['en', 'zh'])
def test_more_phrasings_are_for_training_alone(language: str) -> None:
    more, words_of = phrasings(language), grammar(language)
    assert set(more) == set(SKILL_WEIGHTS)
    for skill, templates in more.items():
        assert len(set(templates)) == len(templates) >= 30
        kept = {plain(p) for v in words_of.held_out[skill] for p in v}
        trained = {plain(p) for v in words_of.training[skill] for p in v}
        assert not kept & trained
        assert len(words_of.training[skill]) > len(templates)


def test_what_means_two_things_is_in_no_training() -> None:
    for language in ('en', 'zh'):
        skills: dict[str, set[Skill]] = {}
        for skill, templates in grammar(language).training.items():
            for phrase in (p for v in templates for p in v):
                skills.setdefault(plain(phrase), set()).add(skill)
        doubtful = {text for text, found in skills.items() if len(found) > 1}
        # An amount and a direction alone may mean either: the amount's unit tells.
        assert all('{m}' in text or '{v}' in text for text in doubtful), doubtful


def test_an_error_never_takes_all_words() -> None:
    rng = random.Random(0)
    assert all(''.join(dress((text, '', ''), language, rng, noise=True)).strip()
               for text, language in (('the', 'en'), ('a', 'en'), ('停', 'zh'), ('好', 'zh'))
               for _ in range(3000))


def test_two_slots_and_too_few_templates_are_refused() -> None:
    with pytest.raises(ValueError, match='2 slots'):
        build({Skill.FIND: ['find {t} or {t}']}, {}, [], [], spaced=True)
    with pytest.raises(ValueError, match='held out'):
        build({Skill.FIND: ['find {t}']}, {}, [], [], spaced=True)


@pytest.mark.parametrize('language', ['en', 'zh'])
def test_no_held_out_phrase_is_on_the_training_side(language: str) -> None:
    side = grammar(language)
    assert set(side.training) == set(side.held_out) == set(SKILL_WEIGHTS)
    for skill in SKILL_WEIGHTS:
        held = {plain(p) for v in side.held_out[skill] for p in v}
        seen = {plain(p) for v in side.training[skill] for p in v}
        assert held and not held & seen
        more = len(phrasings(language).get(skill, ()))
        assert len(side.held_out[skill]) >= (len(side.training[skill]) - more) // 5


def test_training_texts_never_show_a_held_out_phrase() -> None:
    held = {plain(p) for s in (Skill.DESCRIBE, Skill.RECALL) for v in
            grammar('en').held_out[s] for p in v}
    texts = {plain_text(u.text) for s in (Skill.DESCRIBE, Skill.RECALL)
             for u in draws(4000, language='en', skill=s, noise=False)}
    assert not texts & held
    shown = {plain_text(u.text) for u in draws(
        2000, language='en', skill=Skill.RECALL, noise=False, held_out=True)}
    assert shown & held


def plain_text(text: str) -> str:
    return ''.join(c for c in text.lower() if c not in ",.!?'。！？，")


# ---- labels -------------------------------------------------------------------------------

@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**9), held_out=st.booleans(), noise=st.booleans())
def test_labels_fit_the_text(seed: int, held_out: bool, noise: bool) -> None:
    said = draw_utterance(random.Random(seed), held_out=held_out, noise=noise)
    raw = said.text.encode()
    start, end = said.span
    assert 0 < len(raw) <= 400 and said.text == said.text.strip()
    assert said.language in ('en', 'zh') and said.skill in SKILL_WEIGHTS
    if said.skill is not Skill.FORGET:          # without a name it takes back the last lesson
        assert (said.skill in NAMED) == (said.span != (0, 0))
    assert 0 <= start <= end <= len(raw)
    assert said.argument == raw[start:end].decode() == said.argument.strip()
    assert (said.skill in MOTIONS) == (said.amount_digits is not None)
    assert said.direction in ((-1, 1) if said.skill in SIDED else (0,))
    assert 0 <= said.colour <= UNKNOWN_COLOUR and 0 <= said.kind <= UNKNOWN_KIND
    if said.skill not in NAMED or said.span == (0, 0):
        assert (said.colour, said.kind) == (ANY_COLOUR, ANY_KIND)
    elif said.skill not in LESSONS:
        assert (said.colour, said.kind) != (ANY_COLOUR, ANY_KIND)


@pytest.mark.parametrize('language', ['en', 'zh'])
def test_the_span_holds_the_words_of_its_labels(language: str) -> None:
    colours, kinds = ((words.COLOUR_EN, words.KIND_EN) if language == 'en'
                      else (words.COLOUR_ZH, words.KIND_ZH))
    for said in draws(3000, language=language, noise=False):
        argument = said.argument.lower()
        if said.colour < ANY_COLOUR:
            assert any(w in argument for w in colours[COLOURS[said.colour]]), said
        if said.kind < ANY_KIND:
            assert any(argument.find(w) >= 0 for w in kinds[KINDS[said.kind]]), said
        if said.skill in TARGET_SKILLS and language == 'en':
            assert not argument.startswith(('the ', 'a ', 'an ', 'that ', 'my ')), said


def test_every_skill_language_colour_and_kind_is_drawn() -> None:
    drawn = draws(6000)
    assert {u.skill for u in drawn} == set(SKILL_WEIGHTS)
    assert {u.colour for u in drawn} == set(range(len(COLOURS) + 2))
    assert {u.kind for u in drawn} == set(range(len(KINDS) + 2))
    share = sum(u.language == 'zh' for u in drawn) / len(drawn)
    assert 0.4 < share < 0.6


def test_english_labels_read_back_from_the_text() -> None:
    wrong = 0
    drawn = [u for u in draws(600, language='en', noise=False)
             if u.skill not in LESSONS | {Skill.UNCLEAR}]
    for said in drawn:
        read = read_back(said.text)
        wrong += read is None or (read.skill, read.amount_digits, read.direction, read.colour) != (
            said.skill, said.amount_digits, said.direction, said.colour)
    assert wrong <= 0.03 * len(drawn)


def test_a_trick_is_told_by_commands_and_named_once() -> None:
    drawn = [draw_utterance(random.Random(i), 'en', skill=Skill.TRICK) for i in range(300)]
    assert all(said.text.count('{') == 0 for said in drawn)
    assert sum(' then ' in said.text or ',' in said.text for said in drawn) > 100
    assert all(said.argument for said in drawn)


@pytest.mark.parametrize(('skill', 'language', 'text'), [
    (Skill.STOP, 'en', 'stop'), (Skill.STOP, 'zh', '停'), (Skill.TURN, 'zh', '左转'),
    (Skill.TURN, 'en', 'turn around'), (Skill.TURN, 'zh', '掉头'),
    (Skill.TURN, 'en', 'turn left 90 degrees'),
    (Skill.MOVE, 'en', 'go forward two metres'), (Skill.MOVE, 'zh', '前进两米'),
    (Skill.GO_TO, 'en', 'go to the red ball'), (Skill.DESCRIBE, 'en', 'what do you see'),
    (Skill.DESCRIBE, 'zh', '你看到了什么')])
def test_plain_commands_are_part_of_training(skill: Skill, language: str, text: str) -> None:
    rng = random.Random(5)
    assert any(plain_text(draw_utterance(rng, language, skill=skill, noise=False).text) == text
               for _ in range(100_000))


def test_same_seed_same_words() -> None:
    assert draws(200, seed=3) == draws(200, seed=3) != draws(200, seed=4)


def test_arguments_are_checked() -> None:
    with pytest.raises(TypeError, match=r'random\.Random'):
        draw_utterance(np.random.default_rng(0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='language'):
        draw_utterance(random.Random(0), 'fr')
    with pytest.raises(ValueError, match='skill'):
        draw_utterance(random.Random(0), skill=Skill.IDLE)


def test_drawing_keeps_up_with_training() -> None:
    rng = random.Random(0)
    draw_utterance(rng, 'en'), draw_utterance(rng, 'zh')
    start = time.process_time()                 # not the wall clock: machines are shared
    for _ in range(5000):
        draw_utterance(rng)
    assert 5000 / (time.process_time() - start) > 5000


@pytest.mark.parametrize('language', ['en', 'zh'])
def test_the_held_out_side_has_two_halves_that_share_nothing(language: str) -> None:
    for templates in grammar(language).held_out.values():
        halves = {half: {plain(p) for v in some for p in v}
                  for half, some in halved(templates).items()}
        assert halves['judging'] and not halves['judging'] & halves['tuning']
        assert len(halves['judging'] | halves['tuning']) == len(
            {plain(p) for v in templates for p in v})
    rng = random.Random(3)
    said = {draw_utterance(rng, language, skill=Skill.STOP, held_out=True, half='tuning').skill
            for _ in range(20)}
    assert said == {Skill.STOP}
    with pytest.raises(ValueError, match='no held-out template'):
        draw_utterance(rng, language, skill=Skill.STOP, half='tuning')


# ---- amounts ------------------------------------------------------------------------------

@given(st.integers(0, 9999))
def test_digits_round_trip(value: int) -> None:
    a, b, c, d = digits_of(value)
    assert 1000 * a + 100 * b + 10 * c + d == value


def test_amounts_beyond_four_digits_are_refused() -> None:
    for value in (-1, 10_000):
        with pytest.raises(ValueError, match='four digits'):
            digits_of(value)


def test_digits_stand_in_the_text() -> None:
    for said in draws(4000, skill=Skill.TURN, noise=False):
        shown = ''.join(c for c in said.text if c in '0123456789')
        if shown and 'do a 180' not in said.text.lower():
            assert int(shown) == said.amount, said


def test_numbers_are_said_right() -> None:
    rng = random.Random(0)
    assert say_en(17, rng) == 'seventeen'
    assert say_en(345, rng).replace('-', ' ').replace(' and ', ' ') == 'three hundred forty five'
    for value, text in ((2, '两'), (10, '十'), (12, '十二'), (20, '二十'),
                        (101, '一百零一'), (120, '一百二十'), (200, '两百'),
                        (225, '两百二十五'), (1050, '一千零五十')):
        assert say_zh(value) == text
    assert say_zh(202, liang=False) == '二百零二'


def test_amounts_mean_what_they_say() -> None:
    rng = random.Random(1)
    meant: dict[str, int] = {}
    for language in ('en', 'zh'):
        for _ in range(9000):
            text, value = draw_move(rng, language)
            assert meant.setdefault(text, value) == value, text
    for text, value in (('two metres', 200), ('half a metre', 50), ('1.5 m', 150),
                        ('fifty centimetres', 50), ('one and a half metres', 150),
                        ('a metre', 100), ('three feet', 91), ('半米', 50), ('两米', 200),
                        ('一米半', 150), ('两米五', 250), ('一百二十厘米', 120),
                        ('一点二米', 120)):
        assert meant[text] == value, text


@pytest.mark.parametrize('move', [True, False])
def test_held_out_amounts_are_never_trained(move: bool) -> None:
    rng, draw = random.Random(2), draw_move if move else draw_turn
    seen = {draw(rng, language).value for language in ('en', 'zh') for _ in range(4000)}
    test = {draw(rng, language, held_out=True).value
            for language in ('en', 'zh') for _ in range(4000)}
    kept = {value for value in test if is_held_out(value, move=move)}
    assert kept and not kept & seen
    assert not {50, 100, 150, 200, 300} & kept if move else not {30, 45, 90, 180} & kept


def test_amounts_that_are_not_said_have_a_default() -> None:
    for text, amount, direction in (
            ('go forward', 50, 1), ('turn right', 90, -1), ('turn around', 180, 1),
            ('move a bit back', 20, -1), ('turn a little left', 30, 1)):
        said = read_back(text)
        assert said is not None and (said.amount, said.direction) == (amount, direction), text


# ---- held-out nouns and phrases -----------------------------------------------------------

def test_names_kept_for_teaching_tests_are_never_trained() -> None:
    trained = {u.argument.lower() for u in draws(10_000, noise=False)}
    for name in ('pink', 'pyramid', 'mushroom', 'hourglass', 'black', '金字塔', '蘑菇', '粉色'):
        assert not any(name in text.split() or name == text for text in trained), name
    assert 'pyramid' in words.NOUNS_EN[True] and 'pyramid' not in words.NOUNS_EN[False]


@pytest.mark.parametrize('language', ['en', 'zh'])
@pytest.mark.parametrize('skill', sorted(TARGET_SKILLS))
def test_evaluation_phrases_hold_the_target(skill: Skill, language: str) -> None:
    rng = random.Random(0)
    names = ('green', 'cone') if language == 'en' else ('绿', '圆锥')
    texts = {evaluation_phrase(rng, skill, 'green', 'cone', language) for _ in range(200)}
    assert len(texts) > 20
    assert all(n in t.lower() for t in texts for n in names)
    trained = {u.text for u in draws(3000, language=language, skill=skill, noise=False)}
    assert not texts & trained


def test_evaluation_phrases_take_indices_none_and_new_words() -> None:
    rng = random.Random(0)
    by_index = evaluation_phrase(rng, Skill.GO_TO, 3, KINDS.index('cone'), 'en').lower()
    assert 'green cone' in by_index
    assert 'green thing' in evaluation_phrase(rng, Skill.FIND, 'green', None, 'en').lower()
    assert 'blorp' in evaluation_phrase(rng, Skill.FIND, None, 'blorp', 'en').lower()
    assert '布洛普' in evaluation_phrase(rng, Skill.FOLLOW, 'red', '布洛普', 'zh')
    with pytest.raises(ValueError, match='evaluation_phrase words targets only'):
        evaluation_phrase(rng, Skill.MOVE, 'red', 'ball', 'en')
    with pytest.raises(ValueError, match='neither colour nor kind'):
        evaluation_phrase(rng, Skill.FIND, None, None, 'en')
    with pytest.raises(ValueError, match='an index must be'):
        evaluation_phrase(rng, Skill.FIND, 6, None, 'en')
