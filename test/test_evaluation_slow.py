"""The idioms that sleep is judged by: never read in training, apart from those of tuning."""
from __future__ import annotations

import random

import pytest

from yan_brain.evaluation.slow import Found, Questions
from yan_brain.evaluation.slow_words import SETS
from yan_brain.mind.checkpoint import load_checkpoint
from yan_brain.signals import Skill
from yan_brain.training.dreams import idiom
from yan_brain.training.language import LANGUAGES, grammar


@pytest.fixture(scope='module')
def read() -> dict[str, str]:
    """All that templates of training say, phrasings among them."""
    found = {}
    for language in LANGUAGES:
        words = grammar(language)
        texts = [f'{phrase.before} {phrase.after}' for templates in words.training.values()
                 for made in templates for phrase in made]
        texts += [f'{before} {after}' for before, after in words.wrappers + words.plain_wrappers]
        found[language] = '\n'.join(texts).lower()
    return found


@pytest.mark.parametrize('name', SETS)
def test_no_idiom_was_ever_read(name: str, read: dict[str, str]) -> None:
    for taught in SETS[name]:
        assert taught.word in taught.idiom and taught.idiom in taught.said
        assert taught.word not in read[taught.language], taught.word


def test_words_of_tuning_are_not_those_of_judging() -> None:
    words = {name: {taught.word for taught in some} for name, some in SETS.items()}
    assert not words['tuning'] & words['judged']
    assert not any(one in other.said for one in words['tuning'] for other in SETS['judged'])


@pytest.mark.parametrize('name', SETS)
def test_other_wordings_mean_the_same_and_are_not_those_that_were_taught(name: str) -> None:
    rng = random.Random(0)
    for taught in SETS[name]:
        said = [taught.asked(rng) for _ in range(20)]
        assert {u.skill for u in said} == {taught.skill}
        assert all(taught.word in u.text.lower() and u.text.lower() != taught.said for u in said)
        if taught.skill in (Skill.MOVE, Skill.TURN):
            assert taught.amount is not None
            assert {u.direction for u in said} == {1 if taught.amount > 0 else -1}
        idiom(taught.saying())                      # can be learned


def test_a_brain_that_never_slept_knows_few() -> None:
    questions = Questions(SETS['tuning'][:3], 20, seed=1)
    found = questions.ask(load_checkpoint())
    assert isinstance(found, Found) and found.generalised < 0.5 * len(questions.asked)
    assert found.known > 0.5 * len(questions.known)
