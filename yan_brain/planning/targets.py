"""The runs of skills with a target that stands: find, turn_to, go_to, and places to go to."""
from __future__ import annotations

import math

from yan_brain.planning.memory import Hypothesis, TargetMemory, surface_m
from yan_brain.planning.motion import Navigator, turn
from yan_brain.planning.reflexes import gap_m
from yan_brain.planning.routes import nearest
from yan_brain.planning.runs import STILL_MPS, Step, done, failed, still
from yan_brain.planning.search import Found, Outcome, Search, ring_in_sight
from yan_brain.planning.surroundings import Surroundings
from yan_brain.signals import Velocity

_CENTRE_M = 0.12            # from the surface of a thing to its middle, where no scan tells
_FINAL_M = 0.35             # beyond the stop: from here the way is straight
_CREEP_MPS = 0.15
_FACING_TO_STOP_RAD = math.radians(12)
_PINNED_S = 2.0             # held back by the reflex for this long: another side
_SIDES = 3                  # tries to come near
_AT_M = 0.12                # from a place: there
_BESIDE_M = 0.6             # the most where something else stands on it
_HALF_WIDTH_M = 0.2         # of a thing that beams pass through the middle of: an arch
_SCAN_RATIO = 1.6           # a place is surer than one sighting's range: a looser fit will do


def range_to(world: Surroundings, one: Hypothesis) -> tuple[float, bool]:
    """Range from the centre to a hypothesis' surface, and whether the scan has told it."""
    pose = world.pose
    far = pose.distance(*one.at)
    scan = world.scan_now()
    bearing = pose.bearing(*one.at)
    surface = surface_m(scan, bearing, far, _SCAN_RATIO)
    if surface is None:
        surface = surface_m(scan, bearing, far, _SCAN_RATIO,
                            half_rad=math.atan2(_HALF_WIDTH_M, far))
    if surface is None:
        return max(0.0, far - _CENTRE_M), False
    return surface, True


class _Targeted:
    """What find, turn_to and go_to share: search until found, then the rest."""

    def __init__(self, memory: TargetMemory) -> None:
        self._memory = memory
        self._search = Search(memory)
        self._number: int | None = None

    def step(self, world: Surroundings) -> Step:
        """Search, then do what the skill does with what was found."""
        one = None if self._number is None else self._memory.get(self._number)
        if one is None:
            if self._number is not None:
                self._lose()
            found = self._search.step(world)
            if found.outcome is not Outcome.FOUND or found.target is None:
                return self._searching(found)
            one = found.target
            self._number = one.number
            self._begin(one)
        if self._refuted(world, one):
            self._memory.reject(one)
            self._lose()
            return Step()
        return self._with(world, one)

    def _searching(self, found: Found) -> Step:
        if found.outcome is Outcome.NOT_FOUND:
            return failed('not_found', target=self._memory.best())
        return Step(velocity=found.velocity, target=self._memory.best())

    def _lose(self) -> None:
        self._number = None
        self._search.again()

    def _refuted(self, world: Surroundings, one: Hypothesis) -> bool:
        """Whether looks from near by have spoken against what was taken for the target."""
        if self._search.settled:
            return False        # it was the best of all that was looked at, and there is no more
        config = world.config.search
        near = one.near_view(world.config.memory.near_m)
        return near.looks >= 2 * config.looks and near.mean() < 0.8 * config.accept

    def _begin(self, one: Hypothesis) -> None:
        """Something was found."""

    def _with(self, world: Surroundings, one: Hypothesis) -> Step:
        raise NotImplementedError(type(self).__name__)


class Face(_Targeted):
    """find and turn_to: turn until the target stands straight ahead."""

    def _with(self, world: Surroundings, one: Hypothesis) -> Step:
        error = world.pose.bearing(*one.at)
        far, _ = range_to(world, one)
        if abs(error) <= world.config.approach.facing_rad:
            if still(world):
                return done(target=one, range_m=far)
            return Step(target=one, range_m=far, progress=0.9)
        rate = turn(error, world)
        rate = math.copysign(max(abs(rate), 0.06), rate)
        return Step(velocity=Velocity(angular_radps=rate), target=one, range_m=far,
                    progress=0.7)


class GoTo(_Targeted):
    """Stop in front of the target: by a planned way, then straight by scan and bearing."""

    def __init__(self, memory: TargetMemory) -> None:
        super().__init__(memory)
        self._navigator = Navigator()
        self._final = False
        self._pinned_s = 0.0
        self._sides = _SIDES

    def _begin(self, one: Hypothesis) -> None:
        self._navigator.restart()
        self._final = False
        self._pinned_s = 0.0

    def _with(self, world: Surroundings, one: Hypothesis) -> Step:
        far, _ = range_to(world, one)
        if self._final:
            return self._close_in(world, one, far)
        stop = world.config.approach.stop_m
        error = world.pose.bearing(*one.at)
        if far <= stop + _FINAL_M and self._straight_on(world, error, far):
            self._final = True
            return self._close_in(world, one, far)
        near, wide = stop + 0.06, stop + 0.26
        if self._sides < _SIDES:        # the straight end was not free: from as near as can be
            wide += 0.1
        guide = self._navigator.step(
            world, lambda ground: ring_in_sight(ground, one.at[0], one.at[1], near, wide))
        if guide.arrived:
            self._final = True
        if guide.blocked:
            if far <= world.config.approach.stop_within_m:
                self._final = True
            else:
                return failed('blocked', target=one, range_m=far)
        progress = min(0.9, max(0.1, 1.0 - far / max(guide.left_m, far, 0.1) * 0.5))
        return Step(velocity=guide.velocity, target=one, range_m=far, progress=progress)

    def _straight_on(self, world: Surroundings, error: float, far: float) -> bool:
        """Whether nothing but the target itself stands in the way of the last bit."""
        if abs(error) > math.radians(60):
            return False
        points = world.points()
        c, s = math.cos(error), math.sin(error)
        turned = points @ [[c, -s], [s, c]]
        body = world.config.body
        gap = gap_m(turned, body.radius_m + body.reflex_margin_m, 1)
        return gap >= far - world.config.approach.stop_m - 0.02

    def _close_in(self, world: Surroundings, one: Hypothesis, far: float) -> Step:
        config = world.config.approach
        error = world.pose.bearing(*one.at)
        left = far - config.stop_m
        progress = min(1.0, max(0.5, 1.0 - left))
        facing = abs(error) <= _FACING_TO_STOP_RAD
        if left <= 0.02 or (self._pinned_s > _PINNED_S and far <= config.stop_within_m):
            if facing:
                if still(world):
                    return done(target=one, range_m=far)
                return Step(target=one, range_m=far, progress=progress)
            return Step(velocity=Velocity(angular_radps=turn(error, world)), target=one,
                        range_m=far, progress=progress)
        if not facing:
            return Step(velocity=Velocity(angular_radps=turn(error, world)), target=one,
                        range_m=far, progress=progress)
        body = world.poses.body
        moving = body is not None and abs(body.speed_mps) > STILL_MPS
        self._pinned_s = 0.0 if moving else self._pinned_s + world.step_s
        if self._pinned_s > _PINNED_S and far > config.stop_within_m:
            self._pinned_s = 0.0
            self._final = False
            self._sides -= 1
            self._navigator.restart()
            if self._sides <= 0:
                return failed('blocked', target=one, range_m=far)
        speed = min(_CREEP_MPS, max(0.04, 1.2 * left))
        return Step(velocity=Velocity(linear_mps=speed, angular_radps=turn(error, world)),
                    target=one, range_m=far, progress=progress)


class Visit:
    """Go to a place that is remembered: by a planned way, as near as can be. It needs no look."""

    def __init__(self, x_m: float, y_m: float) -> None:
        self._at = (x_m, y_m)
        self._navigator = Navigator(self._at)
        self._from_m: float | None = None

    def step(self, world: Surroundings) -> Step:
        """Drive on; 'blocked' when no way leads there, or something stands on it."""
        far = world.pose.distance(*self._at)
        self._from_m = max(far, self._from_m or _AT_M)
        progress = min(0.95, 1.0 - far / self._from_m)
        guide = self._navigator.step(world, lambda ground: nearest(ground, *self._at, _AT_M))
        ended = guide.arrived or guide.blocked
        if far <= _AT_M or (ended and far <= _BESIDE_M):
            return done(range_m=far) if still(world) else Step(range_m=far, progress=progress)
        if ended:
            return failed('blocked', range_m=far, progress=progress)
        return Step(velocity=guide.velocity, range_m=far, progress=progress)
