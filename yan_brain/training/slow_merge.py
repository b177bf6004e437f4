"""What two robots learned in their sleep, merged by evolution, and kept only where it helps.

A genome says for each changed row (a block of neurons, an embedding) how much of each robot's
change is taken: none, one robot's, the other's, or the mean of both. A few generations of
crossover and mutation are judged by the exam of both robots' sayings together; the guard must
not get worse. Where nothing beats the better of the two, nothing is merged.
"""
from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from yan_brain.cognition.model import Brain
from yan_brain.learning.delta import Delta, difference
from yan_brain.learning.sayings import Saying
from yan_brain.mind.checkpoint import Checkpoint
from yan_brain.training.consolidation import idioms_of, rank
from yan_brain.training.exam import Exam, Marks

SHARES = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (1.0, 1.0))   # of either change
POPULATION, GENERATIONS, KEPT = 8, 4, 4
MUTATED = 0.08           # share of genes
GUARD = 200

Gene = tuple[str, int]   # a parameter and a row
Genome = dict[Gene, int]


@dataclass(frozen=True)
class SlowMerged:
    """What came of it. `delta` None: nothing was better than either robot's own weights."""

    delta: Delta | None
    one: Marks
    other: Marks
    best: Marks


def merge_slow(plain: Checkpoint, one: Delta, other: Delta, sayings: Sequence[Saying],
               seed: int = 0, guard: int = GUARD) -> SlowMerged:
    """Merge two robots' slow weights.

    Args:
        plain: the trained brain that both belong to.
        sayings: of both; what is learned is those that either learned.

    Raises:
        ValueError: no saying that can be judged.
    """
    learned = [s for s in sayings if s.key in {*one.sayings, *other.sayings}]
    idioms, skipped = idioms_of(learned)
    if not idioms:
        raise ValueError('; '.join(skipped) or 'neither robot learned a saying')
    exam = Exam(plain, idioms, [], guard)
    before = exam.take(plain.brain)
    changes = _Changes(plain.brain, one, other)
    rng = random.Random(seed)
    uniform = [dict.fromkeys(changes.genes, share) for share in (1, 2, 3, 4)]
    scored = [(exam.take(changes.brain(genome)), genome) for genome in uniform]
    first, second = scored[0][0], scored[1][0]
    for _ in range(GENERATIONS):
        parents = [genome for _, genome in scored]
        children = [_child(rng.choice(parents), rng.choice(parents), rng)
                    for _ in range(POPULATION)]
        scored += [(exam.take(changes.brain(child)), child) for child in children]
        scored = sorted(scored, key=lambda s: _fitness(s[0], before), reverse=True)[:KEPT]
    best, genome = scored[0]
    better = all(best.beats(before) and rank(best) > rank(mine) for mine in (first, second))
    if not better:
        return SlowMerged(None, first, second, best)
    delta = difference(plain.version, plain.brain.state_dict(), changes.weights(genome),
                       tuple(sorted(s.key for s in learned)),
                       {'rule': 'merged', 'after': str(asdict(best))})
    return SlowMerged(delta, first, second, best)


def _fitness(marks: Marks, before: Marks) -> tuple[bool, tuple[int, int]]:
    return marks.keeps(before), rank(marks)


def _child(one: Genome, other: Genome, rng: random.Random) -> Genome:
    return {gene: rng.randrange(len(SHARES)) if rng.random() < MUTATED
            else rng.choice((one, other))[gene] for gene in one}


class _Changes:
    """Both deltas as changes of rows, to be mixed by a genome."""

    def __init__(self, plain: Brain, one: Delta, other: Delta) -> None:
        self._plain = plain.state_dict()
        self._brain = deepcopy(plain)
        self._deltas = [{(name, row): rows[place] - self._plain[name][row]
                         for name, (index, rows) in delta.rows.items()
                         for place, row in enumerate(index.tolist())}
                        for delta in (one, other)]
        self.genes: list[Gene] = sorted({*self._deltas[0], *self._deltas[1]})

    def weights(self, genome: Genome) -> dict[str, Tensor]:
        """The brain's weights with each row changed as its gene says."""
        found = {name: weight.clone() for name, weight in self._plain.items()}
        for (name, row), choice in genome.items():
            for share, delta in zip(SHARES[choice], self._deltas, strict=True):
                change = delta.get((name, row))
                if share and change is not None:
                    found[name][row] += share * change
        return found

    def brain(self, genome: Genome) -> Brain:
        """A brain with them; the same object each time."""
        with torch.no_grad():
            self._brain.load_state_dict(self.weights(genome))
        return self._brain
