"""What refiners are for: masks of shapes, blurred and shifted, come nearer to the shapes."""

import pytest
import torch
import torch.nn.functional as F

from mmwsl.refine import dense_crf, pamr, par


def shapes(count=4, side=64):
    """Photos (B, 3, H, W) of a disk and a square on a background, noisy, and their labels (B, H, W) of 3 classes."""
    generator = torch.Generator().manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing='ij')
    images, labels = [], []
    for _ in range(count):
        label = torch.zeros(side, side, dtype=torch.long)
        y, x = torch.randint(16, 24, (2,), generator=generator).tolist()
        label[(rows - y)**2 + (columns - x)**2 < 144] = 1
        top, left = torch.randint(34, 40, (2,), generator=generator).tolist()
        label[top:top + 20, left:left + 20] = 2
        colors = torch.tensor([[60.0, 90, 60], [190, 60, 60], [70, 70, 200]]) + 20 * torch.randn(3, 3, generator=generator)
        image = colors[label].permute(2, 0, 1) + 8 * torch.randn(3, side, side, generator=generator)
        images.append(image.clamp(0, 255))
        labels.append(label)
    return torch.stack(images), torch.stack(labels)


def mean_iou(maps, labels):
    pred = maps.argmax(1)
    return sum((((pred == k) & (labels == k)).sum() / ((pred == k) | (labels == k)).sum()).item() for k in range(3)) / 3


@pytest.mark.parametrize('refine', [pamr, par, dense_crf])
def test_better_than_the_raw_masks(refine):
    images, labels = shapes()
    masks = F.one_hot(labels, 3).permute(0, 3, 1, 2).float()
    masks = F.avg_pool2d(masks, 13, 1, 6, count_include_pad=False).roll((3, 3), (2, 3))
    raw, refined = mean_iou(masks, labels), mean_iou(refine(images, masks), labels)
    print(f'{refine.__name__}: mIoU {100 * raw:.1f} -> {100 * refined:.1f}')
    assert raw < 0.8 and refined > raw + 0.02
