"""Looking for a target: look around, go and look closer, look from elsewhere, give up."""
from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.memory import Hypothesis, TargetMemory
from yan_brain.planning.motion import Navigator, turn
from yan_brain.planning.routes import Terrain, around, in_sight, terrain, uncovered_m2, wave
from yan_brain.planning.runs import HOLD
from yan_brain.planning.surroundings import Surroundings
from yan_brain.signals import Velocity

_OVERLAP_RAD = math.radians(25)     # of the first and the last view of a look around
_LINGER_S = 0.4                     # after it, for the last images to arrive
_FACE_RAD = math.radians(8)
_PLACES = 48                        # candidates for another viewpoint
_SURE_LOOKS = 4
_VERDICT_S = 4.0                    # for a verdict, before what was seen so far decides
_EAGER = 0.35                       # what walks is taken for it from this belief on ...
_EAGER_LOOKS = 3                    # ... and is gone before doubtful places are visited
_EAGER_VISIT = 0.45
_EAGER_S = 1.5
_BEGIN_S = 0.4                      # looking ahead before turning away
_COST_M = 1.5                       # of way that a halved gain is worth
_STANDS_OUT = 0.8                   # the next best may be this good a share of the best


class Outcome(Enum):
    """How a search stands."""

    SEARCHING = 'searching'
    FOUND = 'found'
    NOT_FOUND = 'not_found'


@dataclass(frozen=True, slots=True)
class Found:
    """Result of a step of the search."""

    outcome: Outcome
    velocity: Velocity = HOLD
    target: Hypothesis | None = None


class _Phase(Enum):
    LOOK = 'look'           # turning once around
    CHOOSE = 'choose'
    VISIT = 'visit'         # driving to where a hypothesis can be verified
    VERIFY = 'verify'       # facing it, standing
    MOVE = 'move'           # driving to another viewpoint


class Search:
    """Finds the target of a memory. Ends in FOUND or NOT_FOUND."""

    def __init__(self, memory: TargetMemory, *, eager: bool = False) -> None:
        """Start with a look around. `eager` takes the first good sight (for what walks)."""
        self._memory = memory
        self._eager = eager
        self._phase = _Phase.LOOK
        self._navigator = Navigator()
        self._turned_rad = 0.0
        self._last_yaw: float | None = None
        self._direction = 1
        self._since_s = math.inf
        self._number = 0
        self._first_looks = 0
        self._spot: tuple[float, float] | None = None
        self._left = -1                 # viewpoints that may still be tried
        self._began_s = 0.0
        self._unreachable: set[int] = set()
        self.full_looks = 0
        self._doubtful = False          # visiting what is hardly believed, too
        self.settled = False            # for the best of what was seen

    def again(self) -> None:
        """What was found turned out to be lost or wrong: choose anew."""
        self._enter(_Phase.CHOOSE)

    def step(self, world: Surroundings) -> Found:
        """Go on searching."""
        if self._left < 0:
            self._left = world.config.search.viewpoints
            self._began_s = world.now_s
        if self.full_looks and world.now_s - self._began_s > world.config.search.longest_s:
            return self._settle(world)
        sight = self._sure(world) if self._eager else None
        if sight is not None:
            return Found(Outcome.FOUND, target=sight)
        for _ in range(4):      # phases that end at once pass on to the next
            found = getattr(self, f'_{self._phase.value}')(world)
            if found is not None:
                return found
        return Found(Outcome.SEARCHING)

    def _enter(self, phase: _Phase) -> None:
        self._phase = phase
        self._since_s = math.inf
        self._turned_rad, self._last_yaw = 0.0, None
        self._navigator.restart()

    def _sure(self, world: Surroundings) -> Hypothesis | None:
        """A hypothesis so good that looking on is a waste of time."""
        best = self._memory.best(_EAGER if self._eager else world.config.search.sure)
        if best is None or not best.views:
            return None
        view = max(best.views.values(), key=lambda one: one.last_s)
        needed = _EAGER_LOOKS if self._eager else _SURE_LOOKS
        good = view.looks >= needed and view.mean() >= world.config.search.accept
        return best if good else None

    def _look(self, world: Surroundings) -> Found | None:
        pose = world.pose
        if self._last_yaw is None:
            self._last_yaw = pose.yaw_rad
            best = self._memory.best(world.config.search.visit)
            self._direction = 1 if best is None or pose.bearing(*best.at) >= 0.0 else -1
        if not self.full_looks and world.now_s - self._began_s < _BEGIN_S:
            return Found(Outcome.SEARCHING)
        self._turned_rad += abs(pose.yaw_rad - self._last_yaw)
        self._last_yaw = pose.yaw_rad
        if self._sure(world) is not None:
            self._enter(_Phase.CHOOSE)
            return None
        view = world.config.body.field_of_view_rad
        left = 2 * math.pi - view + _OVERLAP_RAD - self._turned_rad
        if left > 0.0:
            rate = min(world.config.search.turn_radps, turn(left + 0.1, world))
            return Found(Outcome.SEARCHING, Velocity(angular_radps=self._direction * rate))
        self._since_s = min(self._since_s, world.now_s)
        if world.now_s - self._since_s < _LINGER_S:
            return Found(Outcome.SEARCHING)
        self.full_looks += 1
        self._enter(_Phase.CHOOSE)
        return None

    def _choose(self, world: Surroundings) -> Found | None:
        best = self._candidate(world)
        if best is not None:
            self._number = best.number
            near = self._near(world, best)
            self._first_looks = 0
            self._enter(_Phase.VERIFY if near else _Phase.VISIT)
            return None
        if not self.full_looks:
            self._enter(_Phase.LOOK)
            return None
        self._spot = _viewpoint(world) if self._left > 0 else None
        if self._spot is None:
            if self._eager or self._doubtful:
                return self._settle(world)
            self._doubtful = True       # no place is left to look from: see what is doubtful
            return None
        self._left -= 1
        self._enter(_Phase.MOVE)
        return None

    def _settle(self, world: Surroundings) -> Found:
        """The end of the search: what came near to being accepted, and stands out, was meant."""
        config = world.config
        judged = [(near.mean(), one) for one in self._memory.hypotheses
                  if (near := one.near_view(config.memory.near_m)).looks >= config.search.looks]
        mean, best = max(judged, key=lambda each: each[0], default=(0.0, None))
        if self._eager or best is None or mean < config.search.settle:
            return Found(Outcome.NOT_FOUND)
        # Hypotheses side by side are of one thing.
        if any(other > _STANDS_OUT * mean for other, one in judged
               if np.hypot(*(one.at - best.at)) > 2 * config.memory.gate_m):
            return Found(Outcome.NOT_FOUND)
        self.settled, best.rejected = True, False
        return Found(Outcome.FOUND, target=best)

    def _candidate(self, world: Surroundings) -> Hypothesis | None:
        if self._doubtful:
            return self._glimpsed(world)
        least = _EAGER_VISIT if self._eager else world.config.search.visit
        open_ = [one for one in self._memory.hypotheses
                 if not one.rejected and one.belief >= least
                 and one.number not in self._unreachable]
        return max(open_, key=lambda one: one.belief_logit, default=None)

    def _glimpsed(self, world: Surroundings) -> Hypothesis | None:
        """What was never seen from near by, and looked right from somewhere."""
        config = world.config
        best = {one.number: one.best_mean(config.search.looks) for one in self._memory.hypotheses}
        open_ = [one for one in self._memory.hypotheses
                 if not one.rejected and one.number not in self._unreachable
                 and best[one.number] >= config.search.glimpse
                 and one.near_view(config.memory.near_m).looks < config.search.looks]
        return max(open_, key=lambda one: best[one.number], default=None)

    def _near(self, world: Surroundings, one: Hypothesis) -> bool:
        """Whether a hypothesis can be verified from here."""
        far = world.pose.distance(*one.at)
        return (far <= world.config.search.verify_m + 0.25
                and bool(in_sight(world.grid, np.array([[world.pose.x_m, world.pose.y_m]]),
                                  one.at[0], one.at[1], 0.35)[0]))

    def _visit(self, world: Surroundings) -> Found | None:
        one = self._memory.get(self._number)
        if one is None or (one.belief < world.config.search.visit and not self._doubtful):
            self._enter(_Phase.CHOOSE)
            return None
        rival = self._candidate(world)
        if rival is not None and rival is not one and not self._doubtful \
                and rival.belief_logit > one.belief_logit + 1.5:
            self._enter(_Phase.CHOOSE)
            return None
        reach = world.config.search.verify_m
        guide = self._navigator.step(
            world, lambda ground: ring_in_sight(ground, one.at[0], one.at[1], 0.45, reach))
        if self._near(world, one) or guide.arrived:
            self._enter(_Phase.VERIFY)
            return None
        if guide.blocked:
            # Nearer there is no way: judge it from here, if it can be seen at all.
            self._unreachable.add(one.number)
            self._enter(_Phase.VERIFY)
            return None
        return Found(Outcome.SEARCHING, guide.velocity)

    def _verify(self, world: Surroundings) -> Found | None:
        config = world.config.search
        one = self._memory.get(self._number)
        if one is None or one.rejected:
            self._enter(_Phase.CHOOSE)
            return None
        if math.isinf(self._since_s):
            self._since_s = world.now_s
            self._first_looks = self._memory.looks
        error = world.pose.bearing(*one.at)
        near = one.near_view(world.config.memory.near_m)
        if self._number in self._unreachable:
            near = one.near_view(math.inf)
        ready = near.looks >= config.looks and abs(error) <= _FACE_RAD
        late = world.now_s - self._since_s > (_EAGER_S if self._eager else _VERDICT_S)
        if (ready and self._memory.looks - self._first_looks >= 2) or late:
            # Seen well from many places, it needs less of a near view.
            least = world.config.memory.neutral if one.belief >= config.sure else config.accept
            # What looks right from here alone may be another thing from its one likely side.
            if near.looks >= config.looks and near.mean() >= least \
                    and one.belief >= config.visit:
                return Found(Outcome.FOUND, target=one)
            self._memory.reject(one)
            self._enter(_Phase.CHOOSE)
            return None
        return Found(Outcome.SEARCHING, Velocity(angular_radps=turn(error, world)))

    def _move(self, world: Surroundings) -> Found | None:
        if self._sure(world) is not None or self._spot is None:
            self._enter(_Phase.CHOOSE)
            return None
        x, y = self._spot
        guide = self._navigator.step(world, lambda ground: around(ground, x, y, 0.0, 0.15))
        if guide.arrived or guide.blocked:
            self._enter(_Phase.LOOK)
            return None
        return Found(Outcome.SEARCHING, guide.velocity)


def ring_in_sight(ground: Terrain, x_m: float, y_m: float, near_m: float,
                  far_m: float) -> NDArray[np.bool_]:
    """Route cells between two distances from a place, from which it can be seen."""
    ring = around(ground, x_m, y_m, near_m, far_m)
    rows, columns = np.nonzero(ring)
    if len(rows):
        places = ground.places(rows, columns)
        ring[rows, columns] = in_sight(ground.grid, places, x_m, y_m, 0.35)
    return ring


def _viewpoint(world: Surroundings) -> tuple[float, float] | None:
    """The reachable place from which most floor is uncovered for its way; None: no place is."""
    pose = world.pose
    ground = terrain(world.grid, pose, world.config.body)
    cell = ground.index(pose.x_m, pose.y_m)
    if cell is None:
        return None
    start = np.zeros(ground.cost.shape, bool)
    start[cell] = True
    cost = wave(ground, start)
    rows, columns = np.nonzero(np.isfinite(cost) & (ground.cost < 2.5))
    if not len(rows):
        return None
    chosen = np.linspace(0, len(rows) - 1, min(_PLACES, len(rows))).astype(int)
    rows, columns = rows[chosen], columns[chosen]
    places = ground.places(rows, columns)
    gain = uncovered_m2(world.grid, places)
    worth = gain / (1.0 + cost[rows, columns] / _COST_M)
    worth[gain < world.config.search.gain_m2] = -1.0
    best = int(np.argmax(worth))
    if worth[best] <= 0.0:
        return None
    return float(places[best, 0]), float(places[best, 1])
