"""Frames of clips with their flow, kept in memory: what methods that learn from motion are trained on."""

import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset
from mmwsl.datasets.transforms.decode import resize
from mmwsl.flow import consensus, estimate_flow, resize_flow, trimap
from mmwsl.registry import DATASETS, TRANSFORMS

TRUE = 'true'


@DATASETS.register_module()
class FlowFrames(ImageDataset):
    """The frames of clips, but the last of each, with ``flow`` (2, H, W) float32 to the next one.

    With ``moving=True`` samples also have ``moving`` (H, W) uint8, pseudo-masks by :func:`mmwsl.flow.consensus`: 1 =
    moves, 0 = does not, 255 = not decided. With ``guidance`` they have ``guidance`` (3, H, W), drawn anew in every
    epoch. Flow is no label: it is estimated from the pictures, or with ``method='true'`` taken from clips that are
    made on the fly, which know it.

    Args:
        clips: config or instance of a dataset whose inputs are uint8 (T, 3, H, W), T at least 2: :class:`MotionClips`;
            :class:`Shapes` or :class:`DigitScenes` with ``clip_length``.
        method: ``'true'`` (clips with ``supervision='full'``), or see :func:`mmwsl.flow.estimate_flow`.
        upscale: frames are enlarged so many times before flow is estimated, as it knows no details of a few pixels.
        moving: whether to make pseudo-masks.
        consensus_settings: arguments of :func:`mmwsl.flow.consensus`.
        guidance: arguments of :class:`FlowGuidance`, or None.
        truth: hand over ``gt_flow`` (2, H, W) and ``gt_mask`` (H, W) of the clips, 1 = an object, for evaluation.
        seed: of the guidance.

    Raises:
        ValueError: no such clips, or no true flow where it is asked for.
    """

    def __init__(self, clips, method='dis', upscale=2, moving=False, consensus_settings=None, guidance=None,
                 truth=False, supervision='none', seed=0):
        super().__init__(None, None, supervision)
        clips = DATASETS.build(clips) if isinstance(clips, dict) else clips
        images, flows, masks, truths, parts = [], [], [], [], []
        for position in range(len(clips)):
            item = clips[position]
            frames, sample = item['inputs'], item['data_samples']
            if frames.ndim != 4 or len(frames) < 2:
                raise ValueError(f'FlowFrames: item {position} of {type(clips).__name__} is of shape '
                                 f'{tuple(frames.shape)}; it takes clips (T, 3, H, W) of 2 frames or more: set '
                                 'clip_length')
            if (method == TRUE or truth) and 'gt_flow' not in sample:
                raise ValueError(f"FlowFrames: {type(clips).__name__} gives no gt_flow; set supervision='full' for its "
                                 "clips, or method='dis' to estimate it")
            flow = sample.gt_flow if method == TRUE else _estimated(frames, method, upscale)
            images.append(frames[:-1])
            flows.append(flow)
            if moving:
                arrays = list(frames[:-1].permute(0, 2, 3, 1).numpy())
                votes = consensus(arrays, list(flow.permute(0, 2, 3, 1).numpy()), **(consensus_settings or {}))
                masks.append(torch.from_numpy(trimap(votes)))
            if truth:
                truths.append(sample.gt_flow)
                parts.append((sample.gt_mask[:-1] > 0).to(torch.uint8))
        self.images, self.flows = torch.cat(images), torch.cat(flows)
        self.moving = torch.cat(masks) if moving else None
        self.truths, self.parts = (torch.cat(truths), torch.cat(parts)) if truth else (None, None)
        self.guide = None if guidance is None else TRANSFORMS.build(dict(guidance, type='FlowGuidance'))
        self._clock = torch.tensor([0, seed]).share_memory_()

    def __len__(self):
        return len(self.images)

    def set_epoch(self, epoch):
        """Draw the guidance of another epoch from now on, in living workers too."""
        self._clock[0] = epoch

    def __getitem__(self, index):
        index = self.position(index)
        batch = self.__getitems__([index])
        sample = batch['data_samples']
        single = self.data_sample(index)
        for name, value in sample.items():
            if name != 'index':
                setattr(single, name, value[0])
        return dict(inputs=batch['inputs'][0], data_samples=single)

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, 3, H, W), data_samples=one batched DataSample)."""
        indices = torch.as_tensor([self.position(index) for index in indices], dtype=torch.int64)
        sample = self.data_sample(indices)
        sample.flow = self.flows[indices]
        if self.moving is not None:
            sample.moving = self.moving[indices]
        if self.guide is not None:
            sample.guidance = torch.stack([self._guidance(index) for index in indices.tolist()])
        if self.truths is not None:
            sample.gt_flow, sample.gt_mask = self.truths[indices], self.parts[indices]
        return dict(inputs=self.images[indices], data_samples=sample)

    def _guidance(self, index):
        epoch, seed = self._clock.tolist()
        results = dict(flow=self.flows[index].permute(1, 2, 0).numpy(), index=index, epoch=epoch, seed=seed)
        return torch.from_numpy(self.guide(results)['guidance'])


def _estimated(frames, method, upscale):
    """Flow (T - 1, 2, H, W) float32 of frames uint8 (T, 3, H, W)."""
    height, width = frames.shape[2:]
    arrays = list(frames.permute(0, 2, 3, 1).numpy())
    if upscale != 1:
        arrays = [resize(each, width * upscale, height * upscale, 'bicubic') for each in arrays]
    flows = [resize_flow(estimate_flow(first, second, method), width, height)
             for first, second in zip(arrays, arrays[1:], strict=False)]
    return torch.from_numpy(np.ascontiguousarray(np.stack(flows).transpose(0, 3, 1, 2)))
