"""What the target's sightings add up to: places in the odom frame and how much each is believed.

Each hypothesis is a Gaussian over its place (a Kalman filter on a thing that stands, or walks
if told so) and log odds of being the target. Images from one viewpoint err together, so looks
are gathered by view (where from, how far, where in the image) and one view gives at most
`step`, half of it after `saturation` looks. A look that should have shown the hypothesis and
did not counts against it.
"""
from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yan_brain.planning.config import BodyConfig, MemoryConfig
from yan_brain.planning.grid import beams
from yan_brain.planning.pose import Pose, wrap
from yan_brain.signals import Scan, Sighting

_EDGE_RAD = math.radians(3)     # of the image: a thing is half cut off there
_HIDDEN_M = 0.35                # a return this much nearer hides what is behind it
_VIEW_M = 0.5                   # views from places nearer than this are one
_GATE = 3.0                     # standard deviations
_LEAST_STD_M = 0.05             # of a hypothesis: sightings share their errors
_SURFACE_RAD = math.radians(3)  # half the window in which a thing's surface is looked for


@dataclass(slots=True)
class View:
    """Looks at a hypothesis from about the same place."""

    looks: int = 0
    evidence: float = 0.0       # sum of log odds
    probability: float = 0.0    # sum
    range_m: float = 0.0        # sum
    last_s: float = -math.inf

    def mean(self) -> float:
        """Mean probability over the looks."""
        return self.probability / max(1, self.looks)


@dataclass(slots=True)
class Hypothesis:
    """A place where the target may be."""

    number: int
    at: NDArray[np.float64]                     # (2,) metres, odom frame
    spread: NDArray[np.float64]                 # (2, 2) covariance
    belief_logit: float
    views: dict[tuple[int, int, int], View] = field(default_factory=dict)
    seen_s: float = -math.inf                   # stamp of the last matching sighting
    probability: float = 0.0                    # of that sighting
    rejected: bool = False                      # verified, and it was not the target

    @property
    def belief(self) -> float:
        """Chance that this is the target."""
        return 1.0 / (1.0 + math.exp(-self.belief_logit))

    def best_mean(self, looks: int) -> float:
        """Mean probability of the best view of at least so many looks; 0 without any."""
        return max((view.mean() for view in self.views.values() if view.looks >= looks),
                   default=0.0)

    def near_view(self, near_m: float) -> View:
        """All looks from nearer than `near_m` as one view."""
        total = View()
        for view in self.views.values():
            if view.looks and view.range_m / view.looks <= near_m:
                total.looks += view.looks
                total.probability += view.probability
        return total


class TargetMemory:
    """Hypotheses about one target. Make a new one for each instruction."""

    def __init__(self, config: MemoryConfig, body: BodyConfig, *,
                 walking_mps: float = 0.0) -> None:
        self.config = config
        self.body = body
        self.walking_mps = walking_mps
        self.hypotheses: list[Hypothesis] = []
        self.looks = 0
        self._number = 0
        self._stamp_s = -math.inf

    def add(self, sightings: tuple[Sighting, ...], pose: Pose, stamp_s: float,
            scan: Scan | None) -> None:
        """Take the sightings of one image taken at `pose`; `scan` is the newest, if any.

        Sightings must be finite (the Planner sees to it). An image is taken once.
        """
        if stamp_s <= self._stamp_s:
            return
        self._walk(stamp_s)
        self._stamp_s = stamp_s
        self.looks += 1
        free = list(self.hypotheses)
        matched: dict[int, Sighting] = {}
        for sighting in sorted(sightings, key=lambda one: -one.probability):
            place, noise = self.locate(sighting, pose, scan)
            mine = self._match(place, noise, free)
            if mine is None:
                if sighting.probability < self.config.birth:
                    continue
                mine = self._born(place, noise)
            else:
                free.remove(mine)
                self._correct(mine, place, noise, sighting.probability)
            mine.seen_s, mine.probability = stamp_s, sighting.probability
            matched[mine.number] = sighting
        for one in self.hypotheses:
            found = matched.get(one.number)
            if found is not None:
                self._judge(one, found.probability, pose, stamp_s)
            elif self.visible(one, pose, scan):
                self._judge(one, 0.0, pose, stamp_s)
        self._prune()

    def locate(self, sighting: Sighting, pose: Pose, scan: Scan | None,
               ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(2,) place and (2, 2) covariance of a sighting; a fitting return gives the range."""
        eye = eye_of(pose, self.body)
        far = max(0.05, sighting.range_m - self.body.camera_forward_m)
        std = max(0.05, self.config.range_std * far)
        surface = surface_m(scan, sighting.bearing_rad, sighting.range_m, self.config.scan_ratio,
                            self.body.camera_forward_m)
        if surface is not None:
            far, std = max(0.05, surface - self.body.camera_forward_m + 0.06), 0.12
        else:
            # Nothing is seen through walls: what seems to lie a little behind one stands before
            # it. What seems to lie far behind is seen above something low.
            wall = farthest_m(scan, sighting.bearing_rad, _SURFACE_RAD)
            if wall is not None and wall < sighting.range_m < self.config.scan_ratio * wall:
                far = max(0.05, wall - self.body.camera_forward_m)
        angle = eye.yaw_rad + sighting.bearing_rad
        across = max(0.04, self.config.bearing_std_rad * far)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        noise = turn @ np.diag([std ** 2, across ** 2]) @ turn.T
        return np.array(eye.point(sighting.bearing_rad, far)), noise

    def visible(self, one: Hypothesis, pose: Pose, scan: Scan | None) -> bool:
        """Whether an image taken at `pose` should show a hypothesis."""
        eye = eye_of(pose, self.body)
        bearing = eye.bearing(one.at[0], one.at[1])
        if abs(bearing) > self.body.field_of_view_rad / 2 - _EDGE_RAD:
            return False
        far = pose.distance(one.at[0], one.at[1])
        nearest = nearest_m(scan, pose.bearing(one.at[0], one.at[1]), math.radians(1.5))
        return nearest is None or nearest > far - _HIDDEN_M

    def best(self, least: float = 0.0) -> Hypothesis | None:
        """The hypothesis believed most, of those not rejected and believed at least so much."""
        open_ = [one for one in self.hypotheses if not one.rejected and one.belief >= least]
        return max(open_, key=lambda one: one.belief_logit, default=None)

    def restart(self, at: NDArray[np.float64], belief: float) -> None:
        """Forget all hypotheses but one, at a place."""
        self.hypotheses.clear()
        self._born(at, np.eye(2) * 0.25).belief_logit = _logit(belief)

    def get(self, number: int) -> Hypothesis | None:
        """The hypothesis of this number, None once it was dropped."""
        return next((one for one in self.hypotheses if one.number == number), None)

    def reject(self, one: Hypothesis) -> None:
        """Hold that this is not the target, whatever is seen of it from afar."""
        one.rejected = True

    def _walk(self, stamp_s: float) -> None:
        """Let places grow uncertain when the target may walk."""
        seconds = stamp_s - self._stamp_s
        if self.walking_mps > 0.0 and math.isfinite(seconds):
            for one in self.hypotheses:
                one.spread += np.eye(2) * (self.walking_mps * min(seconds, 1.0)) ** 2

    def _match(self, place: NDArray[np.float64], noise: NDArray[np.float64],
               free: list[Hypothesis]) -> Hypothesis | None:
        """The nearest hypothesis that a sighting may be of."""
        best, nearest = None, math.inf
        for one in free:
            gap = place - one.at
            apart = float(np.hypot(gap[0], gap[1]))
            far = math.sqrt(max(0.0, float(gap @ np.linalg.solve(one.spread + noise, gap))))
            if (far <= _GATE or apart <= self.config.gate_m) and far < nearest:
                best, nearest = one, far
        return best

    def _born(self, place: NDArray[np.float64], noise: NDArray[np.float64]) -> Hypothesis:
        self._number += 1
        prior = math.log(self.config.prior / (1.0 - self.config.prior))
        one = Hypothesis(self._number, place, noise.copy(), prior)
        self.hypotheses.append(one)
        return one

    def _correct(self, one: Hypothesis, place: NDArray[np.float64], noise: NDArray[np.float64],
                 probability: float) -> None:
        """Kalman update; doubtful sightings move the place less."""
        trusted = noise / max(0.1, min(1.0, probability + 0.1))
        gain = one.spread @ np.linalg.inv(one.spread + trusted)
        one.at = one.at + gain @ (place - one.at)
        one.spread = (np.eye(2) - gain) @ one.spread + np.eye(2) * 1e-6
        scale = _LEAST_STD_M ** 2 / float(np.linalg.eigvalsh(one.spread)[0])
        if scale > 1.0:
            one.spread *= scale

    def _judge(self, one: Hypothesis, probability: float, pose: Pose, stamp_s: float) -> None:
        """Count a look at a hypothesis for or against it."""
        config = self.config
        far = pose.distance(one.at[0], one.at[1])
        key = (round(pose.x_m / _VIEW_M), round(pose.y_m / _VIEW_M),
               round(2.0 * math.log2(max(far, 0.2))))
        view = one.views.setdefault(key, View())
        chance = min(0.98, max(config.unseen, probability))
        weight = min(1.3, max(0.5, config.near_m / max(far, 0.1)))
        view.evidence += weight * (_logit(chance) - _logit(config.neutral))
        view.looks += 1
        view.probability += probability
        view.range_m += far
        view.last_s = stamp_s
        one.belief_logit = _logit(config.prior) + sum(
            max(-config.step, min(config.step, each.evidence / each.looks))
            * each.looks / (each.looks + config.saturation) for each in one.views.values())

    def _prune(self) -> None:
        """Merge hypotheses of one place, and keep the most believed."""
        ordered = sorted(self.hypotheses, key=lambda one: (-one.rejected, -len(one.views)))
        kept: list[Hypothesis] = []
        for one in ordered:
            if all(np.hypot(*(one.at - other.at)) > self.config.gate_m / 2 for other in kept):
                kept.append(one)
        kept.sort(key=lambda one: (not one.rejected, one.belief_logit), reverse=True)
        del kept[self.config.most:]
        self.hypotheses = kept


def eye_of(pose: Pose, body: BodyConfig) -> Pose:
    """Pose of the camera of a robot at `pose`."""
    x, y = pose.point(0.0, body.camera_forward_m)
    return Pose(x, y, pose.yaw_rad)


def nearest_m(scan: Scan | None, bearing_rad: float, half_rad: float) -> float | None:
    """The shortest return within a window of bearings; None without a return or a scan."""
    inside = _window(scan, bearing_rad, half_rad)
    return None if inside is None else float(inside.min())


def farthest_m(scan: Scan | None, bearing_rad: float, half_rad: float) -> float | None:
    """The longest return within a window of bearings; None where any beam met nothing."""
    inside = _window(scan, bearing_rad, half_rad)
    if inside is None or scan is None or len(inside) < int(2 * half_rad
                                                           / abs(scan.angle_increment_rad)):
        return None
    return float(inside.max())


def surface_m(scan: Scan | None, bearing_rad: float, range_m: float, ratio: float,
              camera_forward_m: float = 0.0, half_rad: float = _SURFACE_RAD) -> float | None:
    """Range, from the centre, of the return that fits a sighting best; None where none fits.

    The bearing of a sighting is from the camera, that of a beam from the centre. `half_rad`: of
    the window in which it is looked for.
    """
    x = camera_forward_m + max(0.0, range_m - camera_forward_m) * math.cos(bearing_rad)
    y = max(0.0, range_m - camera_forward_m) * math.sin(bearing_rad)
    inside = _window(scan, math.atan2(y, x), half_rad)
    if inside is None:
        return None
    # The thing's middle is a little behind its surface.
    errors = np.abs(np.log((inside + 0.1) / max(range_m, 0.05)))
    if float(errors.min()) > math.log(ratio):
        return None
    fitting = inside[errors <= math.log(ratio)]
    best = float(inside[int(np.argmin(errors))])
    return float(fitting[np.abs(fitting - best) <= 0.15].min())


def _window(scan: Scan | None, bearing_rad: float, half_rad: float) -> NDArray[np.float64] | None:
    """(n,) finite returns within a window of bearings, None if there is none."""
    if scan is None:
        return None
    ranges, angles = beams(scan)
    half = max(half_rad, 0.6 * abs(scan.angle_increment_rad))
    off = np.abs((angles - bearing_rad + math.pi) % (2 * math.pi) - math.pi)
    inside = ranges[(off <= half) & np.isfinite(ranges) & (ranges > 0.0)
                    & (ranges <= scan.range_max_m)]
    return inside if len(inside) else None


def _logit(chance: float) -> float:
    return math.log(chance / (1.0 - chance))


def sane(sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    """Those sightings whose numbers make sense, bearings wrapped."""
    return tuple(
        Sighting(probability=one.probability, bearing_rad=wrap(one.bearing_rad),
                 range_m=min(one.range_m, 20.0))
        for one in sightings
        if math.isfinite(one.probability) and math.isfinite(one.bearing_rad)
        and math.isfinite(one.range_m) and 0.0 <= one.probability <= 1.0 and one.range_m > 0.0)
