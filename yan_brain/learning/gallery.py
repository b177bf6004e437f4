"""The last images seen, kept for showings: "this is a blorp"."""
from __future__ import annotations

import threading
import time
from collections import deque

from yan_brain.signals import Image

KEPT = 256               # images of one showing held at most while it lasts
GRACE_S = 2.0            # how much longer than the showing a slow camera may take


class Gallery:
    """Hands images from the thread that receives them to the one that learns."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watching = 0
        self._closed = False
        self._images: deque[Image] = deque(maxlen=KEPT)

    @property
    def wanted(self) -> bool:
        """Whether somebody watches; images need not be made otherwise."""
        return self._watching > 0

    def put(self, image: Image) -> None:
        """A new image; kept only while somebody watches."""
        with self._changed:
            if self._watching:
                self._images.append(image)
                self._changed.notify_all()

    def close(self) -> None:
        """End all watching at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def watch(self, seconds: float, most: int) -> list[Image]:
        """Look for that long, by the images' own stamps; at most `most` images of it, evenly.

        Raises:
            ValueError: no image came, or the gallery was closed.
        """
        began = time.monotonic()
        with self._changed:
            self._watching += 1
            self._images.clear()
            try:
                while not self._long_enough(seconds):
                    left_s = began + seconds + GRACE_S - time.monotonic()
                    if left_s <= 0.0 or self._closed:
                        break
                    self._changed.wait(left_s)
                images = list(self._images)
            finally:
                self._watching -= 1
        if self._closed:
            raise ValueError('the showing was broken off: the brain is being stopped')
        if not images:
            raise ValueError(f'no image came in {seconds + GRACE_S:.1f} s; is the camera '
                             'publishing, and are its images good?')
        step = max(1.0, len(images) / most)
        return [images[int(i * step)] for i in range(min(most, len(images)))]

    def _long_enough(self, seconds: float) -> bool:
        return bool(self._images) and (
            self._images[-1].stamp_s - self._images[0].stamp_s >= seconds)
