"""Following what walks: a constant-velocity Kalman filter, and keeping a distance to it."""
from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.memory import Hypothesis, TargetMemory, surface_m
from yan_brain.planning.motion import Navigator, towards, turn
from yan_brain.planning.runs import Step, done, failed
from yan_brain.planning.search import Outcome, Search, ring_in_sight
from yan_brain.planning.surroundings import Surroundings
from yan_brain.signals import Sighting, Velocity

_ACCELERATION = 0.4         # m/s2, of what walks: process noise
_FASTEST_MPS = 0.6          # what is tracked moves no faster
_GATE_M = 0.6
_DOUBT = 0.25               # weaker sightings do not move the track
_GAIN = 1.2                 # per second: speed for an error of distance
_CENTRE_M = 0.12
_TURN_FIRST_RAD = math.radians(50)
_LAST_BELIEF = 0.5          # that it is still where it was last seen
_FADE_S = 1.5               # a velocity is trusted this long without a sight


class Track:
    """Place and velocity of one moving thing, in the odom frame."""

    def __init__(self, at: NDArray[np.float64], stamp_s: float) -> None:
        self.state = np.array([at[0], at[1], 0.0, 0.0])
        self._spread = np.diag([0.04, 0.04, 0.04, 0.04])
        self._stamp_s = stamp_s
        self.seen_s = stamp_s
        self.probability = 0.5          # smoothed over sightings and misses

    def at(self, stamp_s: float) -> tuple[float, float]:
        """Where it should be at a time."""
        ahead = min(_FADE_S, max(0.0, stamp_s - self._stamp_s))
        x, y, vx, vy = self.state
        return float(x + vx * ahead), float(y + vy * ahead)

    def update(self, stamp_s: float, place: NDArray[np.float64] | None,
               noise: NDArray[np.float64] | None, probability: float) -> None:
        """Advance to a time, with the place seen then, if it was seen."""
        seconds = min(1.0, max(0.0, stamp_s - self._stamp_s))
        self._stamp_s = max(stamp_s, self._stamp_s)
        move = np.eye(4)
        move[0, 2] = move[1, 3] = seconds
        push = np.array([[seconds ** 2 / 2, 0], [0, seconds ** 2 / 2], [seconds, 0],
                         [0, seconds]]) * _ACCELERATION
        self.state = move @ self.state
        self._spread = move @ self._spread @ move.T + push @ push.T
        self.probability += 0.15 * (probability - self.probability)
        if place is None or noise is None:
            if stamp_s - self.seen_s > _FADE_S:
                self.state[2:] = 0.0
            return
        self.seen_s = stamp_s
        gain = self._spread[:, :2] @ np.linalg.inv(self._spread[:2, :2] + noise)
        self.state = self.state + gain @ (place - self.state[:2])
        self._spread = self._spread - gain @ self._spread[:2, :]
        speed = float(np.hypot(self.state[2], self.state[3]))
        if speed > _FASTEST_MPS:
            self.state[2:] *= _FASTEST_MPS / speed


class Follow:
    """Find it, then keep `follow_m` from it until `follow_s` is over."""

    def __init__(self, memory: TargetMemory) -> None:
        self._memory = memory
        self._search = Search(memory, eager=True)
        self._navigator = Navigator()
        self._track: Track | None = None
        self._began_s = math.inf
        self._looked_s = -math.inf

    def see(self, world: Surroundings, sightings: tuple[Sighting, ...], stamp_s: float) -> None:
        """Take the sightings of a new image into the track."""
        track, pose = self._track, world.poses.at(stamp_s)
        if track is None or pose is None or stamp_s <= self._looked_s:
            return
        self._looked_s = stamp_s
        scan = world.scan_from(pose, stamp_s)
        x, y = track.at(stamp_s)
        best: tuple[float, Sighting] | None = None
        for one in sightings:
            place, _ = self._memory.locate(one, pose, scan)
            apart = math.hypot(place[0] - x, place[1] - y)
            gate = _GATE_M + 0.2 * one.range_m + 0.3 * min(2.0, stamp_s - track.seen_s)
            score = one.probability - 0.3 * apart / gate
            if apart <= gate and one.probability >= _DOUBT and (best is None or score > best[0]):
                best = (score, one)
        if best is None:
            track.update(stamp_s, None, None, 0.0)
            return
        place, noise = self._memory.locate(best[1], pose, scan)
        track.update(stamp_s, place, noise, best[1].probability)

    def step(self, world: Surroundings) -> Step:
        """Search while it is lost, else keep the distance."""
        limits = world.config.limits
        if world.now_s - self._began_s > limits.follow_s:
            return done(target=self._shown())
        if self._track is not None and self._lost(world, self._track):
            self._give_up(self._track)
        if self._track is None:
            found = self._search.step(world)
            if found.outcome is Outcome.NOT_FOUND:
                return failed('not_found')
            if found.outcome is not Outcome.FOUND or found.target is None:
                return Step(velocity=found.velocity, target=self._memory.best())
            self._track = Track(found.target.at, found.target.seen_s)
            self._track.probability = found.target.probability
            self._navigator.restart()
            self._began_s = min(self._began_s, world.now_s)
        return self._keep(world, self._track)

    def _give_up(self, track: Track) -> None:
        """Look for it anew, first where it was last; what else was believed is out of date."""
        self._track = None
        self._memory.restart(np.array(track.at(math.inf)), _LAST_BELIEF)
        self._search = Search(self._memory, eager=True)
        self._search.again()

    def _shown(self) -> Hypothesis | None:
        """The track as a hypothesis, for the status."""
        if self._track is None:
            return None
        chance = min(0.99, max(0.01, self._track.probability))
        return Hypothesis(0, self._track.state[:2], np.eye(2),
                          math.log(chance / (1.0 - chance)), probability=chance)

    def _lost(self, world: Surroundings, track: Track) -> bool:
        body = world.poses.body
        now = body.stamp_s if body is not None else 0.0
        return now - track.seen_s > world.config.approach.lost_s or track.probability < 0.12

    def _keep(self, world: Surroundings, track: Track) -> Step:
        """Face it and hold the distance; around furniture by a planned way."""
        body, pose, config = world.poses.body, world.pose, world.config
        now = body.stamp_s if body is not None else 0.0
        x, y = track.at(now)
        error, far = pose.bearing(x, y), pose.distance(x, y)
        surface = surface_m(world.scan_now(), error, far, 1.4)
        surface = far - _CENTRE_M if surface is None else surface
        off = surface - config.approach.follow_m
        vx, vy = float(track.state[2]), float(track.state[3])
        away = (vx * (x - pose.x_m) + vy * (y - pose.y_m)) / max(far, 0.1)
        shown = Step(target=self._shown(), range_m=surface)
        needed = config.body.radius_m + config.body.reflex_margin_m
        share = max(0.0, 1.0 - (config.approach.follow_m * 0.6) / max(far, 0.1))
        stop = (pose.x_m + share * (x - pose.x_m), pose.y_m + share * (y - pose.y_m))
        if off > 0.0 and not world.grid.straight((pose.x_m, pose.y_m), stop, needed):
            keep = config.approach.follow_m
            guide = self._navigator.step(
                world, lambda ground: ring_in_sight(ground, x, y, 0.45, keep + 0.2))
            if not guide.arrived and not guide.blocked and guide.velocity != Velocity():
                return replace(shown, velocity=guide.velocity)
        speed = away + _GAIN * off
        if abs(error) > _TURN_FIRST_RAD and off > 0:
            speed = 0.0
        elif off > 0:
            speed = min(speed, towards(error, 2.0, world).linear_mps)
        elif surface < 0.5:
            speed = min(speed, -0.1)
        return replace(shown, velocity=Velocity(linear_mps=speed,
                                                angular_radps=turn(error, world)))
