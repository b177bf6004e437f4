"""One sleep: the plain brain learns all that counts in the journal, on a copy, within a budget.

Every sleep begins with the brain as it was trained, and learns all sayings that count anew. So
what was forgotten leaves no trace, nothing adds up from night to night, and the order of lessons
does not matter. Between the dreams ordinary and scrambled utterances are told (replay), which
must be read as the plain brain reads them; an `Exam` decides whether what came of it is worth
publishing.
"""
from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from yan_brain.cognition.core import CoreState, select
from yan_brain.cognition.model import BODY_FLOATS, SOUND_FLOATS, Brain
from yan_brain.cognition.partitions import Usage
from yan_brain.learning.delta import Delta, difference
from yan_brain.learning.sayings import Saying
from yan_brain.mind.checkpoint import Checkpoint
from yan_brain.perception.language import Words
from yan_brain.settings import check, setting
from yan_brain.training.dreams import Idiom, idiom
from yan_brain.training.exam import Exam, Marks
from yan_brain.training.language import Utterance, draw_utterance
from yan_brain.training.slow_rules import RULES, Batch
from yan_brain.training.utterances import collate

_ORDINARY = 400          # utterances that tell what is common
_LISTENED = 128          # of them that tell which blocks they wake
_RARE = 0.004            # share of pieces below which one is new enough to learn its embedding
_ANEW = 0.25             # share of streams that begin anew at a step
_SCRAMBLED = 0.4         # of ordinary talk
_SETTLED = 0.3           # of the share of dreams, once all of them are understood
SHARES = (1.0, 0.75, 0.5)   # of the way learned that are tried when the guard got worse


@dataclass(frozen=True, kw_only=True)
class SleepConfig:
    """How long and how hard."""

    rule: str = setting('backprop', 'what moves the weights', choices=tuple(RULES))
    seconds: float = setting(60.0, 'processor time of one sleep, in seconds', minimum=1.0,
                             maximum=3600.0)
    steps: int = setting(240, 'at most so many steps', minimum=1, maximum=100_000)
    batch: int = setting(32, 'utterances a step', minimum=2, maximum=1024)
    dreamt: float = setting(0.4, 'share of them that are dreams of the sayings', minimum=0.05,
                            maximum=0.95)
    rate: float = setting(1e-3, 'step size', minimum=1e-6, maximum=1.0)
    pull: float = setting(0.01, 'share of the way back to the trained weights that each step '
                                'goes', minimum=0.0, maximum=0.5)
    blocks: int = setting(8, 'partitions of a layer that learn: those that the sayings wake '
                             'most, compared with ordinary talk', minimum=1, maximum=4096)
    guard: int = setting(300, 'utterances that must be understood as before', minimum=10,
                         maximum=100_000)
    every: int = setting(20, 'steps between exams', minimum=1)
    seed: int = setting(0, 'of everything drawn', minimum=0)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Slept:
    """What came of a sleep. `delta` None: nothing is published, `why` says the reason."""

    delta: Delta | None
    before: Marks
    after: Marks
    most: Marks
    seconds: float                       # of processor time
    steps: int
    why: str
    skipped: tuple[str, ...] = ()        # sayings that cannot be learned, with the reason


def sleep(plain: Checkpoint, sayings: Sequence[Saying], config: SleepConfig,
          progress: Callable[[int, Marks], None] = lambda step, marks: None) -> Slept:
    """Learn sayings on a copy of a brain; `plain` does not change.

    Raises:
        ValueError: there is nothing to learn; the message says why.
    """
    began = time.process_time()
    corrected = [s for s in sayings if s.kind == 'corrected']
    newest = {s.text: s for s in sorted(corrected, key=lambda s: s.at_s)}
    idioms, skipped = idioms_of(list(newest.values()))
    if not idioms:
        raise ValueError('; '.join(skipped) or 'no saying was corrected often enough')
    praised = [s for s in sayings if s.kind == 'praised']
    replayed, _ = idioms_of(praised[::2])
    exam = Exam(plain, idioms, praised[1::2], config.guard)
    before = exam.take(plain.brain)
    progress(0, before)
    brain = deepcopy(plain.brain)
    night = _Night(plain.brain, brain, plain.words, idioms, replayed, config)
    best, kept, last, steps = before, None, before, 0
    while steps < config.steps and time.process_time() - began < config.seconds:
        night.step()
        steps += 1
        if steps % config.every and steps < config.steps:
            continue
        for share in SHARES:
            candidate = between(plain.brain, brain, share)
            last = exam.take(candidate)
            progress(steps, last)
            if last.beats(before) and rank(last) > rank(best):
                best, kept = last, deepcopy(candidate.state_dict())
            if last.keeps(before) or rank(last) <= rank(best):
                break
        night.learned = last.dreams == exam.most.dreams
        if best.dreams == exam.most.dreams and best.corrected == exam.most.corrected:
            break
    seconds = time.process_time() - began
    if kept is None:
        return Slept(None, before, last, exam.most, seconds, steps, _refusal(
            before, last, exam.most), skipped)
    about = {'rule': config.rule, 'before': str(asdict(before)), 'after': str(asdict(best))}
    delta = difference(plain.version, plain.brain.state_dict(), kept,
                       tuple(sorted(s.key for s in corrected)), about)
    return Slept(delta, before, best, exam.most, seconds, steps, '', skipped)


def between(plain: Brain, learned: Brain, share: float) -> Brain:
    """The way from one brain to another, gone so far: less learned, less lost."""
    if share == 1.0:
        return learned
    made, start = deepcopy(learned), plain.state_dict()
    with torch.no_grad():
        for name, weight in made.state_dict().items():
            if not torch.equal(weight, start[name]):
                moved = (weight != start[name])
                weight[moved] = torch.lerp(start[name][moved], weight[moved], share)
    return made


def rank(marks: Marks) -> tuple[int, int]:
    """What was learned first, then what was kept."""
    return marks.corrected + marks.dreams, marks.guard + marks.praised


def _refusal(before: Marks, after: Marks, most: Marks) -> str:
    if not after.keeps(before):
        return (f'what was known got worse (guard {before.guard} -> {after.guard} of '
                f'{most.guard}, praised {before.praised} -> {after.praised} of {most.praised}, '
                f'sight alike {after.alike:.3f})')
    return (f'the sayings are understood no better ({before.dreams} -> {after.dreams} of '
            f'{most.dreams} dreams)')


def idioms_of(sayings: Sequence[Saying]) -> tuple[list[Idiom], tuple[str, ...]]:
    """What sayings teach, and why others teach nothing."""
    found, skipped = [], []
    for saying in sayings:
        try:
            found.append(idiom(saying))
        except ValueError as error:
            skipped.append(str(error))
    return found, tuple(skipped)


class _Night:
    """Draws what is dreamt and replayed, and lets the rule learn from it."""

    def __init__(self, plain: Brain, brain: Brain, words: Words, idioms: Sequence[Idiom],
                 replayed: Sequence[Idiom], config: SleepConfig) -> None:
        self._plain, self._brain, self._words, self._config = plain, brain, words, config
        self._idioms, self._replayed = idioms, replayed
        self.learned = False             # all dreams: from then on, more of what was known
        self._rng = random.Random(config.seed)
        torch.manual_seed(config.seed)
        self._state: CoreState = brain.core.initial_state(config.batch)
        some = [idiom.dream(self._rng) for idiom in idioms
                for _ in range(max(4, 64 // len(idioms)))]
        usual = [draw_utterance(self._rng) for _ in range(_ORDINARY)]
        allowed = specific(brain, words, some, usual[:_LISTENED], config.blocks)
        self._rule = RULES[config.rule](brain, allowed, _new_pieces(words, some, usual),
                                        config.rate, config.pull)

    def step(self) -> None:
        """One batch: dreams, what was praised, ordinary talk, and what is left of such."""
        config, rng = self._config, self._rng
        share = config.dreamt * (_SETTLED if self.learned else 1.0)
        dreams = max(1, round(config.batch * share))
        said = [rng.choice(self._idioms).dream(rng) for _ in range(dreams)]
        said += [rng.choice(self._replayed).dream(rng)
                 for _ in range((config.batch - dreams) // 4) if self._replayed]
        said += [scrambled(draw_utterance(rng), rng) if rng.random() < _SCRAMBLED
                 else draw_utterance(rng) for _ in range(config.batch - len(said))]
        told, state = collate(said, self._words, self._brain.config), self._lived()
        with torch.no_grad():
            before, _, _ = self._plain.read(told.ids, told.mask, state)
        _, self._state = self._rule.step(Batch(told, dreams, before), state)

    @torch.no_grad()
    def _lived(self) -> CoreState:
        """The state in which the next utterances are told: some past, and senses of noise."""
        rows = self._config.batch
        state = select(self._state, torch.randperm(rows))
        anew = (torch.rand(rows) < _ANEW).float()
        fresh = self._brain.core.initial_state(rows)
        tokens, starts = self._brain.sense_tokens(
            0.5 * torch.randn(rows, BODY_FLOATS), 0.5 * torch.randn(rows, SOUND_FLOATS), None)
        _, state, _ = self._brain.core(tokens, state, starts)
        return tuple(type(layer)(
            type(layer.mixer)(*(_mixed(old, new, anew)
                                for old, new in zip(layer.mixer, empty.mixer, strict=True))),
            _mixed(layer.selector, empty.selector, anew))
            for layer, empty in zip(state, fresh, strict=True))


def _mixed(old: Tensor, new: Tensor, share: Tensor) -> Tensor:
    share = share.view(-1, *[1] * (old.ndim - 1))
    return old * (1 - share) + new * share


def scrambled(said: Utterance, rng: random.Random) -> Utterance:
    """Some of its words in another order: nothing is meant, but a brain makes something of it."""
    joint = ' ' if said.language == 'en' else ''
    words = said.text.split() if joint else list(said.text)
    words = [word for word in words if rng.random() > 0.2] or words
    places = sorted(range(len(words)), key=lambda place: place + rng.uniform(0, 4))
    return replace(said, text=joint.join(words[place] for place in places), span=(0, 0))


def specific(brain: Brain, words: Words, some: Sequence[Utterance], usual: Sequence[Utterance],
             most: int) -> Tensor:
    """(layers, P) bool: the blocks that `some` wake most beyond what `usual` talk wakes."""
    more = _shares(brain, words, some) - _shares(brain, words, usual)
    chosen = more.topk(min(most, more.shape[1]), -1).indices
    return torch.zeros_like(more, dtype=torch.bool).scatter(1, chosen, value=True)


@torch.no_grad()
def _shares(brain: Brain, words: Words, said: Sequence[Utterance]) -> Tensor:
    usage = Usage(brain.config.core.layers, brain.config.core.partitions)
    for utterance in said:
        ids = torch.tensor([words.pieces(utterance.text).ids])
        usage.add(brain.read(ids, torch.ones_like(ids, dtype=torch.float32),
                             brain.core.initial_state())[2])
    return usage.shares


def _new_pieces(words: Words, some: Sequence[Utterance], usual: Sequence[Utterance]) -> list[int]:
    """Pieces of the sayings' own words that are rare in ordinary talk."""
    counts = torch.zeros(words.size)
    for utterance in usual:
        for piece in words.pieces(utterance.text).ids:
            counts[piece] += 1
    share = counts / counts.sum()
    found = {piece for utterance in some for piece in words.pieces(utterance.text).ids}
    return sorted(piece for piece in found if share[piece] < _RARE)
