"""Frames of clips with the box of what moves in them: extents of objects that nobody drew."""

import cv2
import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset
from mmwsl.flow import MovingRegion, estimate_flow, moving_region
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class MotionFrames(ImageDataset):
    """The frames of clips that show one moving object clearly, kept in memory, with its box as ``gt_boxes`` (1, 4).

    Samples have ``gt_boxes`` and ``gt_box_labels`` (1,), always 0, whatever the clips' ``supervision`` is: they are
    made of the pictures alone, and labels of the clips are never read. There are no names of classes. Of files use
    ``mmwsl motion`` instead.

    Args:
        clips: config or instance of a dataset whose inputs are uint8 (T, 3, H, W), T at least 3;
            :class:`DigitScenes` with ``clip_length`` for instance.
        method: see :func:`mmwsl.flow.estimate_flow`.
        upscale: frames are enlarged so many times before flow is estimated, as it knows no details of a few pixels.

    Attributes:
        sources: for each frame that was kept its clip's position and its own number in the clip.
        seen: number of frames that were looked at: all but the first and last of each clip.

    Raises:
        ValueError: no such clips, or no frame shows a moving object clearly.
    """

    def __init__(self, clips, method='dis', upscale=2):
        clips = DATASETS.build(clips) if isinstance(clips, dict) else clips
        images, self.boxes, self.sources, self.seen = [], [], [], 0
        for position in range(len(clips)):
            frames = clips[position]['inputs']
            if frames.ndim != 4 or len(frames) < 3:
                raise ValueError(f'MotionFrames: item {position} of {type(clips).__name__} is of shape '
                                 f'{tuple(frames.shape)}; it takes clips (T, 3, H, W) of 3 frames or more: set '
                                 'clip_length')
            arrays = list(frames.permute(0, 2, 3, 1).numpy())
            for number in range(1, len(arrays) - 1):
                self.seen += 1
                region = frame_region(*arrays[number - 1:number + 2], method, upscale)
                if region is not None:
                    images.append(frames[number])
                    self.boxes.append(torch.from_numpy(region.box / upscale)[None])
                    self.sources.append((position, number))
        if not images:
            raise ValueError(f'MotionFrames: none of {self.seen} frames of {len(clips)} clips shows a moving object '
                             'clearly; give clips in which one moves by a pixel or more between frames')
        super().__init__(supervision='none')  # what was learnt from these boxes saw no labels
        self.images = torch.stack(images)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        index = self.position(index)
        sample = self.data_sample(index)
        sample.gt_boxes, sample.gt_box_labels = self.boxes[index], torch.zeros(1, dtype=torch.int64)
        return dict(inputs=self.images[index], data_samples=sample)


def frame_region(before: np.ndarray, frame: np.ndarray, after: np.ndarray, method: str = 'dis',
                 upscale: int = 1) -> MovingRegion | None:
    """The :class:`mmwsl.flow.MovingRegion` of a frame by the flow to both of its neighbors, or None.

    Args:
        before, frame, after: uint8 (H, W, 3) RGB.
        method, upscale: see :class:`MotionFrames`; the region is of the enlarged frame.
    """
    if upscale != 1:
        before, frame, after = (cv2.resize(each, None, fx=upscale, fy=upscale, interpolation=cv2.INTER_CUBIC)
                                for each in (before, frame, after))
    return moving_region(estimate_flow(frame, after, method), earlier=estimate_flow(frame, before, method))
