"""One mind in one process, however many nodes use it."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, CompressedImage
from sensor_msgs.msg import Image as ImageMsg
from yan_brain_msgs.msg import Audio, LearningEvent
from yan_brain_msgs.msg import Touch as TouchMsg

from yan_brain.learning.gallery import Gallery
from yan_brain.learning.learner import Event, Learner, Teachable
from yan_brain.mind.places import Places
from yan_brain.mind.senses import Senses
from yan_brain.mind.sounds import Sounds
from yan_brain.mind.thinker import Thinking
from yan_brain.mind.touches import Touches
from yan_brain.nodes.common import LATCHED, NEWEST, SENSOR, STREAM, BadMessage, BrainNode
from yan_brain.nodes.convert import (
    body_in,
    compressed_in,
    fov_of,
    header,
    image_in,
    sound_in,
    touch_in,
)
from yan_brain.nodes.frames import Frames
from yan_brain.settings import SettingError, check, setting
from yan_brain.signals import Image


class MindLike(Thinking, Teachable, Protocol):
    """All that the nodes need of a mind; `yan_brain.mind.Mind` is one."""

    @property
    def version(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class MindConfig:
    """Which mind. Nodes in one process must agree."""

    weights: str = setting('', 'folder of a trained brain; empty: the one of the package')
    store: str = setting('', 'file of the lessons; empty: in the data folder; none: not kept')
    threads: int = setting(1, 'CPU threads of the core', minimum=1, maximum=64)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, kw_only=True)
class CameraConfig:
    """Which images are looked at."""

    compressed: bool = setting(False, 'take camera/image_raw/compressed')
    horizontal_fov_rad: float = setting(
        1.2217, 'field of view until camera/camera_info tells it', minimum=0.1, maximum=3.1)
    silent_s: float = setting(
        3.0, 'silence of the camera that is warned of; 0: never', minimum=0.0, maximum=3600.0)

    def __post_init__(self) -> None:
        check(self)


Load = Callable[[MindConfig, Path | None], MindLike]


def load_mind(config: MindConfig, store: Path | None) -> MindLike:
    """The real one. Imports torch, and so only happens in the process that holds the mind."""
    from yan_brain.mind import Mind

    return Mind.load(Path(config.weights) if config.weights else None, store=store,
                     threads=config.threads)


class Shared(NamedTuple):
    """What a room holds."""

    mind: MindLike
    learner: Learner
    senses: Senses


class MindRoom:
    """What nodes of one process share: loaded by the first to enter, closed by the last.

    Args:
        members: names of the nodes of this process that will enter, when more than one.
        load: makes the mind.
    """

    def __init__(self, *members: str, load: Load = load_mind) -> None:
        self.members = frozenset(members)
        self._load = load
        self._lock = threading.Lock()
        self._config: MindConfig | None = None
        self._shared: Shared | None = None
        self._inside: list[str] = []

    def enter(self, node: BrainNode[Any], config: MindConfig) -> Shared:
        """The mind and what learns for it.

        Raises:
            SettingError: another node of this process asked for another mind.
            RuntimeError: the brain cannot be loaded.
        """
        with self._lock:
            if self._shared is None:
                mind = self._load(config, store_path(config.store, node.get_namespace()))
                senses = Senses.beside(mind.memory)
                self._shared = Shared(mind, Learner(mind, Gallery(), senses.by_kind()), senses)
                self._config = config
                if mind.memory.foreign():
                    self._shared.learner.relearn()
                for problem in self._shared.learner.problems:
                    node.get_logger().warning(problem)
            elif config != self._config:
                raise SettingError(
                    f'{node.get_name()} asks for the mind {config}, but the one in this process '
                    f'is {self._config}; give both nodes the same `mind.` parameters')
            self._inside.append(node.get_name())
            return self._shared

    def leave(self, node: BrainNode[Any]) -> None:
        """Undo `enter`; the last one out closes the store."""
        with self._lock:
            if node.get_name() in self._inside:
                self._inside.remove(node.get_name())
            if not self._inside and self._shared is not None:
                self._shared.learner.close()
                self._shared = None


def store_path(store: str, namespace: str) -> Path | None:
    """Where lessons go: brains in different namespaces must not share them by accident."""
    if store == 'none':
        return None
    if store:
        return Path(store).expanduser()
    data = Path(os.environ.get('XDG_DATA_HOME') or Path.home() / '.local' / 'share')
    return data / 'yan_brain' / namespace.strip('/') / 'lessons.db'


def watch_camera(node: BrainNode[Any], config: CameraConfig, see: Callable[[Image], None],
                 wanted: Callable[[], bool] = lambda: True) -> None:
    """Hand on good images; bad ones are named in the log and in the diagnostics.

    `see` may raise ValueError for an image it cannot use.
    """
    view = {'fov': config.horizontal_fov_rad}

    def info(message: CameraInfo) -> None:
        view['fov'] = fov_of(message)

    def seen(message: Any) -> None:
        if not wanted():
            return
        convert = compressed_in if config.compressed else image_in
        image = convert(message, view['fov'])
        try:
            see(image)
        except ValueError as error:
            raise BadMessage(str(error)) from error

    node.listen(CameraInfo, 'camera/camera_info', info, NEWEST)
    if config.compressed:
        node.listen(CompressedImage, 'camera/image_raw/compressed', seen, NEWEST,
                    silent_after_s=config.silent_s)
    else:
        node.listen(ImageMsg, 'camera/image_raw', seen, NEWEST, silent_after_s=config.silent_s)


def watch_sound(node: BrainNode[Any], sounds: Sounds) -> None:
    """Hand on good sound; bad sound is named in the log and in the diagnostics."""
    def heard(message: Audio) -> None:
        try:
            sounds.hear(sound_in(message))
        except ValueError as error:
            raise BadMessage(str(error)) from error

    node.listen(Audio, 'audio', heard, STREAM)


def watch_touch(node: BrainNode[Any], touches: Touches) -> None:
    """Hand on what is touched."""
    node.listen(TouchMsg, 'touch', lambda message: touches.feel(touch_in(message)), SENSOR)


def watch_body(node: BrainNode[Any], places: Places) -> None:
    """Hand on good odometry."""
    frames = Frames(node, 'odom')

    def moved(message: Odometry) -> None:
        places.feel(body_in(message, frames.of(message.header.frame_id)))

    node.listen(Odometry, 'odom', moved, SENSOR)


def follow_lessons(node: BrainNode[Any], learner: Learner) -> None:
    """Take over what a mind in another process has learned into the same store."""
    def told(message: LearningEvent) -> None:
        if message.version != learner.mind.version:
            learner.refresh()

    node.listen(LearningEvent, 'learning_events', told, LATCHED)


def announce_lessons(node: BrainNode[Any], learner: Learner) -> None:
    """Publish what is learned in this process."""
    out = node.publisher(LearningEvent, 'learning_events', LATCHED)

    def tell(event: Event) -> None:
        out.publish(LearningEvent(
            header=header(event.at_s), kind=event.kind, concept=event.concept,
            version=event.version, message=event.message))

    node.own(lambda end: end(), learner.subscribe(tell))
