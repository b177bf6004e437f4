"""What every learner promises: two verbs, `predict` and `learn`.

`predict` is pure: it changes nothing, so that a reader never waits and never disturbs. `learn`
returns nothing: what it did is seen in what is predicted from then on. The tests run one list
of checks over all learners of the package (test_learning_contract.py).
"""
from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Learns(Protocol):
    """Tells names by rows of features, C names learned so far, F floats of a row."""

    @property
    def names(self) -> tuple[str, ...]:
        """What there is a word for; the order of the columns of `predict`."""

    def predict(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Scores (n, C) of rows (n, F), higher for what fits better.

        Raises:
            ValueError: rows of another width, or not finite.
        """

    def learn(self, name: str, features: NDArray[np.floating]) -> None:
        """These rows (n, F) show what is called `name`.

        Raises:
            ValueError: rows that cannot be learned from; nothing was changed.
        """

    def save(self, path: Path) -> None:
        """Write everything learned to a new file."""

    def load(self, path: Path) -> None:
        """Know what was saved by a learner like this one, and nothing else."""


@runtime_checkable
class Forgets(Learns, Protocol):
    """A learner that can unlearn exactly: as if it had never been taught."""

    def forget(self, name: str) -> bool:
        """Undo all lessons on a name. False: it was not known."""


def best(learner: Learns, features: NDArray[np.floating]) -> list[str]:
    """The name that fits each row best.

    Raises:
        ValueError: nothing was learned yet.
    """
    if not learner.names:
        raise ValueError('nothing was learned yet; call learn first')
    return [learner.names[index] for index in learner.predict(features).argmax(1)]
