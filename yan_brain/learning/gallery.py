"""The last images seen, kept for showings: "this is a blorp"."""
from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator

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

    def watch(self, seconds: float, most: int) -> Iterator[Image]:
        """Look for that long, by the images' own stamps; at most `most` images, evenly.

        Each is given as it comes, so that what is done with it is done when the showing ends.

        Raises:
            ValueError: no image came, or the gallery was closed.
        """
        ends_s = time.monotonic() + seconds + GRACE_S
        with self._changed:
            self._watching += 1
            self._images.clear()
        first, given = None, 0
        try:
            while (image := self._next(ends_s)) is not None:
                first = image.stamp_s if first is None else first
                age_s = image.stamp_s - first
                if given < most and age_s >= given * seconds / most - 1e-6:
                    given += 1
                    yield image
                if age_s >= seconds:
                    break
        finally:
            with self._changed:
                self._watching -= 1
        if self._closed:
            raise ValueError('the showing was broken off: the brain is being stopped')
        if not given:
            raise ValueError(f'no image came in {seconds + GRACE_S:.1f} s; is the camera '
                             'publishing, and are its images good?')

    def _next(self, ends_s: float) -> Image | None:
        """The next image; None when it got too late or all is over."""
        with self._changed:
            while not self._images:
                left_s = ends_s - time.monotonic()
                if left_s <= 0.0 or self._closed:
                    return None
                self._changed.wait(left_s)
            return None if self._closed else self._images.popleft()
