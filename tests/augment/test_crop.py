import math

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.augment import (
    RandomHorizontalFlip,
    RandomPaddedCrop,
    RandomResizedCrop,
    crop_and_resize,
    crop_boxes,
    resample_weights,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def reference_box(rng, height, width, scale, ratio):
    """One box by the plain recipe, a loop with retries."""
    for _ in range(10):
        area = height * width * rng.uniform(*scale)
        shape = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < w <= width and 0 < h <= height:
            return rng.integers(0, height - h + 1), rng.integers(0, width - w + 1), h, w
    shape = min(max(width / height, ratio[0]), ratio[1])
    h, w = min(height, round(width / shape)), min(width, round(height * shape))
    return (height - h) // 2, (width - w) // 2, h, w


def ks_distance(first, second):
    grid = np.unique(np.concatenate([first, second]))
    return np.abs(np.searchsorted(np.sort(first), grid, 'right') / len(first)
                  - np.searchsorted(np.sort(second), grid, 'right') / len(second)).max()


@pytest.mark.parametrize('height, width, scale', [(32, 32, (0.08, 1.0)), (40, 90, (0.2, 1.0)),
                                                  (224, 224, (0.05, 0.14))])
def test_boxes_follow_the_loop_with_retries(height, width, scale):
    ratio, count = (3 / 4, 4 / 3), 6000
    boxes = crop_boxes(count, height, width, scale, ratio, generator=seeded()).numpy()
    rng = np.random.default_rng(1)
    expected = np.array([reference_box(rng, height, width, scale, ratio) for _ in range(count)], dtype=np.float64)
    assert (boxes == boxes.round()).all() and (boxes[:, :2] >= 0).all() and (boxes[:, 2:] >= 1).all()
    assert (boxes[:, 0] + boxes[:, 2] <= height).all() and (boxes[:, 1] + boxes[:, 3] <= width).all()
    for measure in (lambda b: b[:, 2] * b[:, 3], lambda b: b[:, 3] / b[:, 2], lambda b: b[:, 0], lambda b: b[:, 1]):
        assert ks_distance(measure(boxes), measure(expected)) < 1.95 * math.sqrt(2 / count)  # 0.1 % level


def test_boxes_fall_back_to_the_largest_central_one():
    # 10 x 100 with area 1 and ratio up to 2 fits never: the central 10 x 20
    boxes = crop_boxes(5, 10, 100, (1.0, 1.0), (0.5, 2.0), generator=seeded())
    assert boxes.tolist() == [[0, 40, 10, 20]] * 5
    assert crop_boxes(2, 100, 10, (1.0, 1.0), (0.5, 2.0)).tolist() == [[40, 0, 20, 10]] * 2


def test_whole_image_is_the_identity():
    images = torch.rand(3, 3, 17, 23, generator=seeded())
    for interpolation in ('bilinear', 'bicubic'):
        for antialias in (False, True):
            crop = RandomResizedCrop((17, 23), (1, 1), (23 / 17, 23 / 17), 0, interpolation, antialias)
            assert torch.equal(crop(images), images)
    flipped = RandomResizedCrop((17, 23), (1, 1), (23 / 17, 23 / 17), flip_prob=1)(images)
    assert torch.equal(flipped, images.flip(3))


def test_bilinear_equals_opencv_on_the_cut():
    images = torch.rand(4, 3, 31, 45, generator=seeded())
    boxes = torch.tensor([[0, 0, 31, 45], [3, 5, 9, 30], [30, 44, 1, 1], [10, 2, 20, 7]]).float()
    flip = torch.tensor([False, True, False, True])
    views = crop_and_resize(images, boxes, (16, 20), flip)
    for view, image, box, mirrored in zip(views, images, boxes.int().tolist(), flip.tolist(), strict=True):
        top, left, height, width = box
        cut = np.ascontiguousarray(image[:, top:top + height, left:left + width].permute(1, 2, 0).numpy())
        expected = cv2.resize(cut, (20, 16), interpolation=cv2.INTER_LINEAR)
        expected = expected[:, ::-1] if mirrored else expected
        np.testing.assert_allclose(view.permute(1, 2, 0).numpy(), expected, atol=2e-5)


@pytest.mark.parametrize('name, filter', [('bilinear', Image.BILINEAR), ('bicubic', Image.BICUBIC)])
@pytest.mark.parametrize('size', [(8, 12), (50, 40)])
def test_antialias_equals_pillow(name, filter, size):
    image = torch.rand(1, 1, 37, 29, generator=seeded())
    view = crop_and_resize(image, torch.tensor([[4., 3., 30., 25.]]), size, None, name, antialias=True)
    cut = Image.fromarray(image[0, 0, 4:34, 3:28].numpy(), mode='F')
    expected = np.clip(np.asarray(cut.resize(size[::-1], filter)), 0, 1)
    np.testing.assert_allclose(view[0, 0].numpy(), expected, atol=1e-5)


def test_bicubic_weights_are_keys_kernel():
    # enlarging 8 -> 16: centre of output 7 lies at 3.25, so the taps 2..5 are 1.25, .25, .75, 1.75 away
    weights = resample_weights(torch.tensor([0.]), torch.tensor([8.]), 8, 16, interpolation='bicubic')[0, 7]
    expected = [0, 0, -0.0703125, 0.8671875, 0.2265625, -0.0234375, 0, 0]
    np.testing.assert_allclose(weights.numpy(), expected, atol=1e-6)


def test_pixels_outside_the_box_do_not_leak_in():
    images = torch.zeros(1, 3, 20, 20)
    images[:, :, 5:15, 5:15] = 0.5
    for interpolation in ('bilinear', 'bicubic'):
        view = crop_and_resize(images, torch.tensor([[5., 5., 10., 10.]]), (32, 32), None, interpolation, True)
        torch.testing.assert_close(view, torch.full_like(view, 0.5))


def test_bytes_give_the_same_views_as_floats():
    images = torch.randint(256, (5, 3, 32, 32), dtype=torch.uint8, generator=seeded())
    crop = RandomResizedCrop(24, flip_prob=0.5, interpolation='bicubic')
    torch.testing.assert_close(crop(images, seeded(1)), crop(images / 255, seeded(1)), atol=1e-6, rtol=0)


def test_views_depend_on_seed_and_sample_but_not_on_memory_format():
    images = torch.rand(1, 3, 33, 27, generator=seeded()).repeat(6, 1, 1, 1)
    crop = RandomResizedCrop(16, flip_prob=0.5)
    views = crop(images, seeded(3))
    assert torch.equal(views, crop(images, seeded(3))) and not torch.equal(views, crop(images, seeded(4)))
    assert len(torch.unique(views.flatten(1), dim=0)) == 6
    assert torch.equal(views, crop(images.to(memory_format=torch.channels_last), seeded(3)))
    assert views.is_contiguous() and views.min() >= 0 and views.max() <= 1
    assert crop(images[:1]).shape == (1, 3, 16, 16)


def test_stays_float32_under_autocast():
    images = torch.rand(2, 3, 32, 32, generator=seeded())
    crop = RandomResizedCrop(32)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        under = crop(images, seeded(1))
    assert torch.equal(under, crop(images, seeded(1)))


def test_flip_rate():
    images = torch.arange(4.).div(4).expand(4000, 1, 2, 4)
    crop = RandomResizedCrop((2, 4), (1, 1), (2, 2), flip_prob=0.3)
    assert (crop(images, seeded())[:, 0, 0, 0] > 0.5).float().mean().item() == pytest.approx(0.3, abs=0.03)
    flip = RandomHorizontalFlip(0.3)
    assert (flip(images, seeded())[:, 0, 0, 0] > 0.5).float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert torch.equal(RandomHorizontalFlip(0)(images), images)
    assert torch.equal(RandomHorizontalFlip(1)(images), images.flip(3))


@pytest.mark.parametrize('settings, text', [
    (dict(size=0), 'size=0 must be a positive integer'),
    (dict(size=(3, 4, 5)), 'pair'),
    (dict(size=32, scale=(0.5, 1.5)), 'scale='),
    (dict(size=32, scale=(0.5, 0.2)), 'scale='),
    (dict(size=32, scale=0.5), 'must be a pair'),
    (dict(size=32, ratio=(0, 1)), 'ratio='),
    (dict(size=32, flip_prob=1.5), 'flip_prob=1.5'),
    (dict(size=32, interpolation='nearest'), "choose 'bilinear' or 'bicubic'"),
])
def test_bad_settings(settings, text):
    with pytest.raises(ValueError, match=text):
        RandomResizedCrop(**settings)


def test_bad_images():
    with pytest.raises(ValueError, match='float32 or uint8'):
        RandomResizedCrop(8)(torch.rand(3, 32, 32))
    with pytest.raises(ValueError, match='divide uint8 images by 255'):
        RandomHorizontalFlip()(torch.zeros(1, 3, 4, 4, dtype=torch.uint8))


def test_padded_crop_by_loops():
    """Every place is drawn, and what comes out is that part of the image with a black margin."""
    images = torch.rand(300, 3, 6, 5)
    views = RandomPaddedCrop(5, padding=1)(images, torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    places = set()
    for image, view in zip(padded, views, strict=True):
        found = [(y, x) for y in range(4) for x in range(3) if torch.equal(image[:, y:y + 5, x:x + 5], view)]
        assert len(found) == 1
        places.update(found)
    assert len(places) == 12
    with pytest.raises(ValueError, match='smaller than the crop of 9'):
        RandomPaddedCrop(9, padding=1)(images)
    with pytest.raises(ValueError, match='padding=-1'):
        RandomPaddedCrop(4, padding=-1)
