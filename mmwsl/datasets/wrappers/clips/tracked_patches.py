"""Pairs of patches: what moves in the first frame of a clip, and what became of it in the last."""

import cv2
import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset, evenly_spaced
from mmwsl.flow import estimate_flow, moving_region, track_box
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class TrackedPatches(ImageDataset):
    """Patches that were mined in clips without labels, kept in memory; inputs are lists of two, query and tracked.

    The box of what moves in the first frame (:func:`mmwsl.flow.moving_region`) is followed to the last one. Clips in
    which nothing moves clearly, or the track is lost or goes nowhere, give no pair. Samples have ``clip``, the number
    of the clip.

    Args:
        clips: config or instance of a dataset whose inputs are uint8 (T, 3, H, W), T at least 2.
        size: side of the patches in pixels.
        method: of the flow, see :func:`mmwsl.flow.estimate_flow`.
        tracker: see :func:`mmwsl.flow.track_box`.
        upscale: frames are enlarged so many times before, as flow and corners know no details of a few pixels.
        margin: the square cut out is so much larger than the longer side of the box, 0.2 = a tenth on each side.
        least_motion: pixels that the box's middle must have come from the first frame to the last.
        supervision: there are no labels to see, whatever it is.
        max_images: keep only so many pairs, evenly spaced.

    Attributes:
        boxes: float32 (N, 2, 4), of first and last frame.
        sources: positions (N,) of the clips that gave a pair.
        seen: number of clips that were looked at.

    Raises:
        ValueError: no such clips, or none gives a pair.
    """

    def __init__(self, clips, size=32, method='dis', tracker='lucas_kanade', upscale=2, margin=0.2, least_motion=2.0,
                 supervision='none', max_images=None):
        clips = DATASETS.build(clips) if isinstance(clips, dict) else clips
        patches, boxes, self.sources, self.seen = [], [], [], len(clips)
        for position in range(len(clips)):
            frames = clips[position]['inputs']
            if frames.ndim != 4 or len(frames) < 2:
                raise ValueError(f'TrackedPatches: item {position} of {type(clips).__name__} is of shape '
                                 f'{tuple(frames.shape)}; it takes clips (T, 3, H, W) of 2 frames or more: set '
                                 'clip_length')
            track = follow(list(frames.permute(0, 2, 3, 1).numpy()), method, tracker, upscale, least_motion)
            if track is None:
                continue
            ends = frames[[0, -1]].permute(0, 2, 3, 1).numpy()
            patches.append([cut_patch(frame, box, size, margin) for frame, box in zip(ends, track, strict=True)])
            boxes.append(track)
            self.sources.append(position)
        if not patches:
            raise ValueError(f'TrackedPatches: none of {len(clips)} clips shows something that moves clearly and can '
                             'be followed to the last frame; give clips in which one object moves by a pixel or more '
                             'between frames, or fewer frames')
        super().__init__(supervision=supervision)  # of the clips' labels none is read
        kept = evenly_spaced(len(patches), max_images).numpy()
        pairs = np.array(patches)[kept].transpose(1, 0, 4, 2, 3)  # (2, N, 3, size, size)
        self.queries, self.tracked = (torch.from_numpy(np.ascontiguousarray(each)) for each in pairs)
        self.boxes, self.sources = torch.from_numpy(np.stack(boxes)[kept]), torch.tensor(self.sources)[kept]

    def __len__(self):
        return len(self.queries)

    def __getitem__(self, index):
        index = self.position(index)
        sample = self.data_sample(index)
        sample.clip = self.sources[index]
        return dict(inputs=[self.queries[index], self.tracked[index]], data_samples=sample)

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=[queries, tracked], uint8 (B, 3, size, size) each, data_samples)."""
        indices = torch.as_tensor([self.position(index) for index in indices], dtype=torch.int64)
        sample = self.data_sample(indices)
        sample.clip = self.sources[indices]
        return dict(inputs=[self.queries[indices], self.tracked[indices]], data_samples=sample)


def follow(frames, method='dis', tracker='lucas_kanade', upscale=1, least_motion=2.0):
    """Boxes float32 (2, 4) of the first and the last frame of what moves in the first; None where that is not clear.

    Args:
        frames: uint8 (H, W, 3) RGB, two or more.
        method, tracker, upscale, least_motion: see :class:`TrackedPatches`.
    """
    if upscale != 1:
        frames = [cv2.resize(each, None, fx=upscale, fy=upscale, interpolation=cv2.INTER_CUBIC) for each in frames]
    region = moving_region(estimate_flow(frames[0], frames[1], method))
    if region is None or min(region.box[2] - region.box[0], region.box[3] - region.box[1]) < 2:
        return None
    boxes = track_box(frames, region.box, tracker)
    if boxes is None:
        return None
    ends = boxes[[0, -1]] / upscale
    middles = (ends[:, :2] + ends[:, 2:]) / 2
    return ends if np.linalg.norm(middles[1] - middles[0]) >= least_motion else None


def cut_patch(frame, box, size, margin=0.0):
    """The square around a box, uint8 (size, size, 3); what is beyond the border repeats the pixels on it.

    Args:
        frame: uint8 (H, W, 3).
        box: (4,) left, top, right, bottom.
        size: side of the patch.
        margin: see :class:`TrackedPatches`.
    """
    side = max(box[2] - box[0], box[3] - box[1]) * (1 + margin)
    x, y = (box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2
    scale = size / side
    matrix = np.array([[scale, 0, (0.5 - x) * scale - 0.5], [0, scale, (0.5 - y) * scale - 0.5]], np.float32)
    return cv2.warpAffine(frame, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
