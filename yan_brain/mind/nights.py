"""The weights a mind thinks with: those of training, and what its sleep made of some rows.

A sleeping process publishes by renaming one file into place (`learning/delta.py`); `wake` takes
it over by one assignment. A file that is corrupt, of another core, or that learned a saying
which was forgotten since is not used: the mind thinks with the trained weights then.
"""
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch

from yan_brain.cognition.mixers import Mixer
from yan_brain.cognition.model import Brain
from yan_brain.learning.delta import Delta, DeltaError, load
from yan_brain.learning.sayings import Sayings
from yan_brain.learning.slow_files import previous_path, slow_path
from yan_brain.learning.store import LessonStore, StoreError
from yan_brain.mind.checkpoint import Checkpoint


class Weights(NamedTuple):
    """A brain and its version."""

    brain: Brain
    version: str


class Nights:
    """Which weights count now. `wake` belongs to the learning thread; `now` to any.

    Attributes:
        now: the weights in use, replaced as a whole.
        problem: why what was learned in sleep is not used; empty when it is, or there is none.
    """

    def __init__(self, trained: Checkpoint, store: LessonStore) -> None:
        self._trained, self._store = trained, store
        self._read: tuple[tuple[int, int], Delta] | None = None     # a file's stamp, and it
        self.problem = ''
        self.now = Weights(trained.brain, trained.version)
        self.wake()

    def wake(self) -> bool:
        """Take over what was published, or drop what counts no more; True when that is new."""
        before = self.now.version
        found = None
        try:
            found = self._published()
            self.problem = ''
        except (DeltaError, StoreError) as error:
            self.problem = f'what was learned in sleep is not used: {error}'
        if found is None:
            self.now = Weights(self._trained.brain, self._trained.version)
        else:
            version = f'{self._trained.version}~{found.version}'
            if version != before:
                self.now = Weights(_with(self._trained.brain, found), version)
        return self.now.version != before

    def _published(self) -> Delta | None:
        if self._store.path is None:
            return None
        path = slow_path(self._store.path)
        try:
            about = path.stat()
        except OSError:
            return None
        stamp = about.st_mtime_ns, about.st_size
        if self._read is None or self._read[0] != stamp:
            found = load(path, self._trained.version)
            found.applied(self._trained.brain.state_dict())     # or it says what does not fit
            self._read = stamp, found
        found = self._read[1]
        counting = {saying.key for saying in Sayings(self._store.database).known()}
        if not counting.issuperset(found.sayings):
            self._read = None
            _discard(self._store.path)
            raise DeltaError('a saying that it learned was forgotten; the others will be '
                             'learned anew in the next sleep')
        return found


def _discard(store: Path) -> None:
    """Erase what may hold traces of what was forgotten."""
    for path in (slow_path(store), previous_path(store)):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DeltaError(f'a saying that it learned was forgotten, but {path} cannot be '
                             f'erased: {error}') from error


def _with(brain: Brain, delta: Delta) -> Brain:
    """A brain that shares all weights with `brain` but those that the delta changed."""
    with torch.device('meta'):
        made = Brain(brain.config)
    made.load_state_dict(delta.applied(brain.state_dict()), assign=True)
    for module in made.modules():           # follows from the configuration, is in no file
        if isinstance(module, Mixer):
            module.reset_rate()
    return made.requires_grad_(False).eval()
