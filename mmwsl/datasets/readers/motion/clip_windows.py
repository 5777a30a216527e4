"""Windows of files of clips in which much moves: what methods that learn from time are trained on."""

import itertools
import os

import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset
from mmwsl.datasets.readers.clips import find_clips, read_frames
from mmwsl.datasets.transforms.decode import ImageError, resize
from mmwsl.flow import estimate_flow
from mmwsl.registry import DATASETS

SMALL = 96  # pixels of the side that motion is measured at


@DATASETS.register_module()
class ClipWindows(ImageDataset):
    """Windows of T frames of folders of frames and of videos; inputs uint8 (T, 3, size, size), the middle squares.

    Of each clip those windows are taken, one after another without overlap, in which the mean length of the flow is
    largest (Misra et al. 2016).

    Args:
        root: a folder of clips, or one clip, see :func:`mmwsl.datasets.readers.clips.find_clips`.
        length: T, frames of a window.
        size: side in pixels that the squares are resized to.
        step: every so manyth frame is taken.
        windows: most windows of a clip.
        least_motion: mean flow of a window in pixels of a frame of 96 pixels, below which it is not taken.
        in_memory: keep the windows; False: their frames are read again each time, which is slow for long videos, and
            good for folders of frames.
        on_error: ``'raise'`` or ``'skip'`` a clip that does not decode; those are in ``skipped``, (clip, reason).

    Attributes:
        sources: (clip, number of its first frame) of each window.
        motion: float32 (N, T - 1), mean flow from frame to frame.
        too_short: clips with fewer frames than a window.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: no clip gives a window; the message says why.
        ImageError: a clip that does not decode, with ``on_error='raise'``.
    """

    def __init__(self, root, length=16, size=128, step=1, windows=1, least_motion=0.0, in_memory=True,
                 on_error='raise', supervision='none'):
        super().__init__(None, None, supervision)
        if length < 2 or size < 8 or windows < 1 or on_error not in ('raise', 'skip'):
            raise ValueError(f"ClipWindows: length={length} must be 2 or more, size={size} 8 or more, "
                             f"windows={windows} 1 or more, and on_error={on_error!r} 'raise' or 'skip'")
        self.length, self.size, self.step = length, size, step
        self.sources, self.skipped, self.too_short = [], [], []
        images, motion, clips = [], [], find_clips(root)
        for clip in clips:
            try:
                frames = [middle_square(frame, size) for frame in read_frames(clip, step)]
            except ImageError as error:
                if on_error == 'raise':
                    raise
                self.skipped.append((os.fspath(clip), str(error)))
                continue
            if len(frames) < length:
                self.too_short.append(os.fspath(clip))
                continue
            moved = motion_of(frames)
            for start in liveliest(moved, length, windows, least_motion):
                images.append(stacked(frames[start:start + length]) if in_memory else None)
                motion.append(moved[start:start + length - 1])
                self.sources.append((os.fspath(clip), start * step))
        if not images:
            raise ValueError(f'ClipWindows: none of {len(clips)} clips of {root} gives a window of {length} frames: '
                             f'{len(self.too_short)} are shorter, {len(self.skipped)} do not decode, in the others '
                             f'less than {least_motion} pixels move; lower length, step or least_motion')
        self.images = torch.stack(images) if in_memory else None
        self.motion = torch.from_numpy(np.stack(motion).astype(np.float32))

    def __len__(self):
        return len(self.sources)

    def _window(self, index):
        if self.images is not None:
            return self.images[index]
        clip, start = self.sources[index]
        first, last = start // self.step, start // self.step + self.length
        frames = itertools.islice(read_frames(clip, self.step), first, last)
        return stacked([middle_square(frame, self.size) for frame in frames])

    def __getitem__(self, index):
        index = self.position(index)
        return dict(inputs=self._window(index), data_samples=self.data_sample(index))

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, T, 3, size, size), data_samples=one batched DataSample)."""
        indices = torch.as_tensor([self.position(index) for index in indices], dtype=torch.int64)
        inputs = torch.stack([self._window(index) for index in indices.tolist()])
        return dict(inputs=inputs, data_samples=self.data_sample(indices))


def stacked(frames):
    """Frames uint8 (H, W, 3) as a tensor (T, 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2)))


def middle_square(frame, size):
    """The middle square of a frame uint8 (H, W, 3), as (size, size, 3)."""
    height, width = frame.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(np.ascontiguousarray(frame[top:top + side, left:left + side]), size, size, 'bilinear')


def motion_of(frames):
    """Mean length (T - 1,) of the flow from each frame to the next, in pixels of frames of 96 pixels."""
    small = [resize(frame, SMALL, SMALL, 'bilinear') for frame in frames]
    return np.array([np.linalg.norm(estimate_flow(first, second, 'dis_fast'), axis=-1).mean()
                     for first, second in zip(small, small[1:], strict=False)])


def liveliest(motion, length, count, least=0.0):
    """First frames of at most ``count`` windows of ``length`` frames that do not overlap, the liveliest first.

    Args:
        motion: (T - 1,) of :func:`motion_of`.
        length: frames of a window.
        count: most windows.
        least: smallest mean motion in one.
    """
    means = np.convolve(motion, np.ones(length - 1), 'valid') / (length - 1)
    starts = []
    for start in np.argsort(-means, kind='stable'):
        if len(starts) == count or means[start] < least:
            break
        if all(abs(start - other) >= length for other in starts):
            starts.append(int(start))
    return starts
