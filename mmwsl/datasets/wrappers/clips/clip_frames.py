"""Frames of clips as images, with the labels of their clips."""

import torch

from mmwsl.datasets.base import ImageDataset
from mmwsl.datasets.readers.motion.action_clips import middles_of_parts
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class ClipFrames(ImageDataset):
    """So many frames of every clip, one clip's after another's; each has the clip's label.

    Args:
        clips: config or instance of a dataset of labelled clips whose inputs are uint8 (T, 3, H, W):
            :class:`ActionFigures`, :class:`ActionClips`.
        frames: number of frames of each, those in the middles of as many equal parts.

    Raises:
        ValueError: no such clips, or fewer than one frame; from an item, a clip of fewer frames.
    """

    def __init__(self, clips, frames=5):
        clips = DATASETS.build(clips) if isinstance(clips, dict) else clips
        if frames < 1:
            raise ValueError(f'ClipFrames: frames={frames} must be 1 or more')
        labels = getattr(clips, 'labels', None)
        super().__init__(None if labels is None else labels.repeat_interleave(frames, dim=0),
                         clips.metainfo['classes'], clips.supervision)
        self.clips, self.frames, self._last = clips, frames, (None, None)

    def __len__(self):
        return len(self.clips) * self.frames

    def __getitem__(self, index):
        index = self.position(index)
        clip, number = divmod(index, self.frames)
        if self._last[0] != clip:  # frames of a clip come one after the other, and a video is decoded once for them
            self._last = clip, self._frames(clip)
        return dict(inputs=self._last[1][number], data_samples=self.data_sample(index))

    def _frames(self, clip):
        frames = self.clips[clip]['inputs']
        if frames.ndim != 4 or len(frames) < self.frames:
            raise ValueError(f'ClipFrames: item {clip} of {type(self.clips).__name__} is of shape '
                             f'{tuple(frames.shape)}; it takes clips (T, 3, H, W) of {self.frames} frames or more: '
                             'give longer clips, or fewer frames')
        return frames[torch.from_numpy(middles_of_parts(len(frames), self.frames))]
