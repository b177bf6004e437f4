"""Lessons for another core: learned anew from the images that were kept.

Features mean nothing to a core that was trained anew. Lessons whose images were kept
(`keep_images`) are looked at again and take the place of the old ones; all others stay in the
store, unused, and are named in `ConceptMemory.problems`: they cannot be migrated and must be
taught again. Tricks need no migration: they are words and motions.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from yan_brain.learning.concepts import ConceptMemory
from yan_brain.learning.knowledge import checked
from yan_brain.learning.store import KeptImage
from yan_brain.signals import Image


class Seen(Protocol):
    """What an eye made of one image of a showing: rows of the thing and of what is around it."""

    @property
    def features(self) -> NDArray[np.float32]: ...
    @property
    def background(self) -> NDArray[np.float32]: ...


Look = Callable[[Image], Seen]


def keep(image: Image) -> KeptImage:
    """An image as it is kept, without loss."""
    made, data = cv2.imencode('.png', cv2.cvtColor(image.rgb, cv2.COLOR_RGB2BGR))
    if not made:
        raise ValueError(f'an image of shape {image.rgb.shape} cannot be kept as PNG')
    return KeptImage(png=data.tobytes(), fov_rad=image.horizontal_fov_rad)


def unkeep(kept: KeptImage, stamp_s: float = 0.0) -> Image:
    """The image again.

    Raises:
        ValueError: it is damaged.
    """
    found = cv2.imdecode(np.frombuffer(kept.png, np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise ValueError('a kept image is damaged')
    return Image(stamp_s=stamp_s, rgb=cv2.cvtColor(found, cv2.COLOR_BGR2RGB).astype(np.uint8),
                 horizontal_fov_rad=kept.fov_rad)


def relearn(memory: ConceptMemory, look: Look) -> tuple[str, ...]:
    """Learn lessons of other cores anew; the names of those that could be, one for each.

    Each is safe before the next is begun, so that it may be broken off at any time.

    Raises:
        StoreError: the store cannot be written.
    """
    store, done = memory.store, []
    for number in memory.foreign():
        kept = store.images(number)
        if not kept:
            continue
        lesson = store.lessons([number])[0]
        seen = [look(unkeep(image)) for image in kept]
        store.replace(number, replace(
            lesson, core=memory.core,
            features=checked(np.concatenate([s.features for s in seen]), memory.width, least=1),
            background=checked(np.concatenate([s.background for s in seen]), memory.width)))
        done.append(lesson.concept)
    if done:
        memory.forget_foreign()
        memory.refresh()
    return tuple(done)
