"""The mind: a Moment in, a Decision out, and lessons learned in between.

It ties eye, core and concept memory together and holds what lasts from tick to tick: the core's
state, the instruction under way, and the lessons. No ROS here: nodes and evaluation use it alike.
"""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from yan_brain.cognition.core import CoreState
from yan_brain.cognition.model import View
from yan_brain.cognition.partitions import Wake
from yan_brain.learning.concepts import ConceptMemory, clean_name
from yan_brain.learning.migrate import Seen
from yan_brain.learning.store import KeptImage
from yan_brain.mind import seeing
from yan_brain.mind.checkpoint import DEFAULT_FOLDER, Checkpoint, load_checkpoint
from yan_brain.mind.foresight import Foresight
from yan_brain.mind.goal import Goal, goal_of
from yan_brain.mind.nights import Nights
from yan_brain.mind.pointing import Showing, pointed
from yan_brain.mind.world import load_world
from yan_brain.perception import sight
from yan_brain.perception.senses import body_vector, sound_vector
from yan_brain.signals import (
    TARGET_SKILLS,
    BrainState,
    Concept,
    Decision,
    Image,
    Moment,
    Percept,
    Sighting,
)


@dataclass(frozen=True, slots=True)
class Thought:
    """What one tick came to."""

    decision: Decision
    percepts: tuple[Percept, ...]
    state: BrainState


class Mind:
    """One brain. `tick` belongs to one thread; `teach` and `forget` may come from another."""

    def __init__(self, trained: Checkpoint, memory: ConceptMemory) -> None:
        self._trained, self._memory = trained, memory
        self._eye, self._words = trained.eye, trained.words
        self._nights = Nights(trained, memory.store)
        self._brain, self._thinking = self._nights.now      # of the tick under way
        self._state: CoreState = self._brain.core.initial_state()
        self._goal: Goal | None = None
        self._instructions = 0
        self._scene: seeing.Scene | None = None
        self._looks = seeing.Looks()
        self._image_stamp: float | None = None
        self._awake: list[set[int]] = []
        self._foresight = Foresight(sight.TOKEN_ROWS, sight.TOKEN_COLUMNS)
        self._surprise: float | None = None
        self.ignore_kind = False        # evaluation only: a policy that looks at colour alone

    @classmethod
    def load(cls, weights: Path | None = None, *, store: Path | None = None,
             threads: int = 1) -> Mind:
        """Read a trained brain and its lessons.

        Args:
            weights: folder of a brain; None: the one of the package.
            store: SQLite file of the lessons; None: they are not kept.
            threads: CPU threads of torch, for the whole process.

        Raises:
            CheckpointError: the folder holds no brain that fits.
        """
        torch.set_num_threads(threads)
        trained = load_checkpoint(weights)
        memory = ConceptMemory.open(
            store, width=trained.brain.config.identity, core=trained.version,
            world=load_world(weights or DEFAULT_FOLDER, trained.version),
            config=seeing.CONCEPTS)
        return cls(trained, memory)

    @property
    def version(self) -> str:
        """Of the weights that count now, and how many lessons changed the mind since."""
        return f'{self._nights.now.version}+{self._memory.version}'

    @property
    def weights_version(self) -> str:
        """Of the trained weights; lessons and world must be of the same."""
        return self._trained.version

    @property
    def skills(self) -> tuple[str, ...]:
        """What it was trained to understand."""
        return self._brain.config.skills

    @property
    def memory(self) -> ConceptMemory:
        """The lessons: their store, snapshots and problems."""
        return self._memory

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know about its weights, one sentence each."""
        return (self._nights.problem,) if self._nights.problem else ()

    def wake(self) -> bool:
        """Take over what was learned in sleep from the next tick on; True when that is new."""
        return self._nights.wake()

    def tick(self, moment: Moment) -> Thought:
        """Think once.

        Raises:
            ValueError: an image or a text that cannot be used; the mind goes on as before.
        """
        with self._looks.ticking():
            return self._tick(moment)

    def _tick(self, moment: Moment) -> Thought:
        stages: dict[str, float] = {}
        self._brain, self._thinking = self._nights.now
        self._awake = [set() for _ in self._brain.core.blocks]
        pixels = None
        if moment.image is not None and moment.image.stamp_s != self._image_stamp:
            pixels = sight.prepare(moment.image)
        pieces = self._words.pieces(moment.text) if moment.text is not None else None
        with torch.inference_mode(), _timed(stages, 'see'):
            self._sense(moment, pixels)
        if pieces is not None:
            with torch.inference_mode(), _timed(stages, 'understand'):
                mask = torch.ones(1, len(pieces.ids))
                got, self._state, wakes = self._brain.read(
                    torch.tensor([pieces.ids]), mask, self._state)
                self._note(wakes)
                self._instructions += 1
                self._goal = goal_of(got, self._brain.config, self._instructions, pieces)
                if moment.order is not None:
                    self._goal = replace(self._goal, skill=moment.order.skill, confidence=1.0,
                                         argument=moment.order.argument,
                                         amount=moment.order.amount)
        with _timed(stages, 'decide'):
            decision = self._decide(moment)
            percepts = self._percepts()
        awake = np.zeros((len(self._awake), self._brain.config.core.partitions), np.bool_)
        for layer, blocks in enumerate(self._awake):
            awake[layer, sorted(blocks)] = True
        return Thought(decision, percepts, BrainState(
            stamp_s=moment.stamp_s, version=self._version(),
            instruction=self._goal.text if self._goal else '', skill=decision.skill,
            percepts=percepts, awake=awake, surprise=self._surprise, stage_ms=stages))

    def understand(self, text: str) -> Decision:
        """What words would have it do, without doing it: no state changes, and the number is 0.

        Belongs to the thread that ticks.

        Raises:
            ValueError: a text that cannot be used.
        """
        self._brain, self._thinking = self._nights.now
        pieces = self._words.pieces(text)
        with torch.inference_mode():
            got, _, _ = self._brain.read(
                torch.tensor([pieces.ids]), torch.ones(1, len(pieces.ids)), self._state)
        goal = goal_of(got, self._brain.config, self._instructions, pieces)
        return Decision(
            stamp_s=0.0, version=self._version(), skill=goal.skill, argument=goal.argument,
            amount=goal.amount, confidence=goal.confidence, language=goal.language,
            known=goal.skill not in TARGET_SKILLS or self._knows(goal))

    def finish(self, instruction_id: int) -> None:
        """The instruction is done with: decisions go idle, unless another one came."""
        if self._goal is not None and self._goal.instruction_id == instruction_id:
            self._goal = None

    def scene(self, image: Image, least: float = seeing.THING) -> seeing.Scene:
        """All things in an image, without any past and without remembering it.

        Args:
            least: as of `seeing.scene`.

        Raises:
            ValueError: an image that cannot be used.
        """
        pixels = sight.prepare(image)
        with torch.inference_mode():
            view, identity, _, _, _ = self._view(pixels, np.zeros(8, np.float32),
                                              np.full(8, -1, np.float32),
                                              self._brain.core.initial_state())
        return seeing.scene(view, identity, image.horizontal_fov_rad, least=least)

    def look(self, image: Image) -> Showing:
        """What is shown in an image: see `pointed`.

        What a tick saw in this image counts; from another thread, waits for that tick to end.

        Raises:
            ValueError: an image that cannot be used.
        """
        return pointed(self._looks.of(image) or self.scene(image, seeing.FAINT))

    def teach(self, name: str, images: Sequence[Image]) -> Concept:
        """What these images show is called `name`; returns when the lesson is safe.

        Raises:
            ValueError: no image, or one that cannot be used, or an impossible name.
            StoreError: the lesson could not be kept.
        """
        return self.learn(name, [self.look(image) for image in images])

    def learn(self, name: str, shown: Sequence[Seen],
              images: Sequence[KeptImage] = ()) -> Concept:
        """What was looked at is called `name`; `images` are kept with the lesson.

        Raises:
            ValueError: nothing was looked at, or an impossible name.
            StoreError: the lesson could not be kept.
        """
        if not shown:
            raise ValueError(f'no image of {name!r}; is the camera publishing?')
        self._looks.between()
        self._memory.learn(name, np.concatenate([s.features for s in shown]),
                           np.concatenate([s.background for s in shown]), images)
        called = clean_name(name)
        return next(c for c in self.concepts() if c.name == called)

    def forget(self, name: str) -> bool:
        """Undo all lessons on `name`; False when there were none."""
        self._looks.between()
        return self._memory.forget(self._taught_name(name) or name)

    def concepts(self) -> list[Concept]:
        """What was taught."""
        return list(self._memory.concepts())

    def _version(self) -> str:
        """Of what thinks in this tick, which may not be the newest."""
        return f'{self._thinking}+{self._memory.version}'

    def _sense(self, moment: Moment, pixels: np.ndarray | None) -> None:
        body, sound = body_vector(moment.body, moment.touch), sound_vector(moment.sound)
        if pixels is None:
            tokens, starts = self._brain.sense_tokens(
                torch.from_numpy(body)[None], torch.from_numpy(sound)[None], None)
            _, self._state, wakes = self._brain.core(tokens, self._state, starts)
            self._note(wakes)
            return
        assert moment.image is not None
        view, identity, coarse, self._state, wakes = self._view(
            pixels, body, sound, self._state)
        self._note(wakes)
        self._scene = seeing.scene(view, identity, moment.image.horizontal_fov_rad,
                                   least=seeing.FAINT)
        self._image_stamp = moment.image.stamp_s
        self._looks.keep(moment.image, self._scene)
        met = self._foresight.meet(coarse[0].numpy(), float(body[0]), float(body[1]),
                                   moment.image.stamp_s)
        self._surprise = met.surprise if met else None

    def _view(
        self, pixels: np.ndarray, body: np.ndarray, sound: np.ndarray, state: CoreState,
    ) -> tuple[View, Tensor, Tensor, CoreState, list[Wake]]:
        seen = self._eye(torch.from_numpy(pixels)[None])
        coarse = sight.coarse(seen.features)
        tokens, starts = self._brain.sense_tokens(
            torch.from_numpy(body)[None], torch.from_numpy(sound)[None], coarse)
        thoughts, state, wakes = self._brain.core(tokens, state, starts)
        view = self._brain.view(sight.patches(seen.features),
                                sight.patches(sight.spread(thoughts[:, 3:])))
        return view, seen.identity, coarse, state, wakes

    def _note(self, wakes: Sequence[Wake]) -> None:
        for blocks, wake in zip(self._awake, wakes, strict=True):
            blocks.update(wake.chosen.unique().tolist())

    def _decide(self, moment: Moment) -> Decision:
        goal = self._goal
        if goal is None:
            return Decision(stamp_s=moment.stamp_s, version=self._version(),
                            instruction_id=self._instructions, image_stamp_s=self._image_stamp)
        known, grounding = True, None
        found: tuple[Sighting, ...] = ()
        if goal.skill in TARGET_SKILLS:
            taught = self._taught_name(goal.argument)
            known = self._knows(goal)
            if self._scene is not None and known:
                chance = seeing.chances(self._scene, self._fit(goal, taught), bool(taught))
                found = seeing.sightings(self._scene, chance)
                grounding = self._grounding(chance)
        return Decision(
            stamp_s=moment.stamp_s, version=self._version(), instruction_id=goal.instruction_id,
            skill=goal.skill, argument=goal.argument, amount=goal.amount,
            confidence=goal.confidence, known=known, language=goal.language, sightings=found,
            image_stamp_s=self._image_stamp, grounding=grounding)

    def _knows(self, goal: Goal) -> bool:
        """Whether all words of the target mean something."""
        return bool(self._taught_name(goal.argument)) or (
            goal.colour <= len(self._brain.config.colours)
            and goal.kind <= len(self._brain.config.kinds))

    def _fit(self, goal: Goal, taught: str) -> np.ndarray:
        """(M,) how well each thing in view fits the goal's words."""
        assert self._scene is not None
        fit = np.ones(len(self._scene.probability), np.float32)
        if goal.colour < self._scene.colour.shape[1]:
            fit = fit * self._scene.colour[:, goal.colour]
        if taught:
            knowledge = self._memory.knowledge
            fit = fit * knowledge.rivalled(self._scene.features, knowledge.column(taught))
        elif goal.kind < self._scene.kind.shape[1] and not self.ignore_kind:
            fit = fit * self._scene.kind[:, goal.kind]
        return fit

    def _grounding(self, chance: np.ndarray) -> np.ndarray:
        """(ROWS, COLUMNS): the chance (M,) of the thing that each patch belongs to."""
        assert self._scene is not None
        every = np.append(chance, 0).astype(np.float32)
        return every[self._scene.patches].reshape(sight.ROWS, sight.COLUMNS)

    def _percepts(self) -> tuple[Percept, ...]:
        if self._scene is None:
            return ()
        config, knowledge = self._brain.config, self._memory.knowledge
        return seeing.percepts(self._scene, config.colours, config.kinds, list(knowledge.names),
                               knowledge.probability(self._scene.features))

    def _taught_name(self, words: str) -> str:
        """The longest taught name among the words of an argument; '' when there is none."""
        return self._memory.knowledge.named_in(words)


@contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    stages[name] = (time.perf_counter() - began) * 1e3
