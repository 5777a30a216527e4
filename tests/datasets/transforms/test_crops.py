import math
import time

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from smooth_pictures import save, smooth_picture

from mmwsl.datasets import RandomCrops, ResizeCenterCrop, ResizeRandomCrop, read_image
from mmwsl.datasets.transforms.crops import random_crop_box
from mmwsl.datasets.transforms.decode import lossless_reduction
from mmwsl.registry import TRANSFORMS


def test_crop_box_by_hand():
    draws = [0.5] * 22  # half of the area range, ratio 1, centre
    # area = .5 x 100 x 200 = 10,000: 100 x 100, at x = int(.5 x 1), y = int(.5 x 101)
    assert random_crop_box(100, 200, draws, scale=(0.0, 1.0)) == (0, 50, 100, 100)
    # first try: ratio 4/3 of area 10,000 is 115 wide and does not fit; second try: 1
    draws[10] = 1.0
    assert random_crop_box(100, 200, draws, scale=(0.0, 1.0)) == (0, 50, 100, 100)


@pytest.mark.parametrize('size, expected', [((1000, 10), (493, 0, 13, 10)), ((10, 1000), (0, 493, 10, 13))])
def test_crop_box_falls_back_to_the_centre(size, expected):
    assert random_crop_box(*size, [0.5] * 22, scale=(0.9, 1.0)) == expected


def test_crop_boxes_are_distributed_as_defined():
    rng = np.random.default_rng(0)
    width, height = 400, 400
    boxes = np.array([random_crop_box(width, height, rng.random(22), scale=(0.2, 0.6)) for _ in range(4000)])
    x, y, w, h = boxes.T
    assert (x >= 0).all() and (y >= 0).all() and (x + w <= width).all() and (y + h <= height).all()
    # With these settings every first try fits, so area and log ratio are uniform: mean and variance of the uniform
    # distribution within five standard errors.
    area, log_ratio = w * h / (width * height), np.log(w / h)
    limit = math.log(4 / 3)
    for values, low, high in ((area, 0.2, 0.6), (log_ratio, -limit, limit)):
        spread = (high - low) / math.sqrt(12)
        assert abs(values.mean() - (low + high) / 2) < 5 * spread / math.sqrt(4000)
        assert abs(values.std() - spread) < 0.05 * spread
    assert abs((x / (width - w)).mean() - 0.5) < 0.03 and abs((y / (height - h)).mean() - 0.5) < 0.03


def test_whole_image_without_flip_is_the_image(tmp_path):
    picture = smooth_picture(32, 32)
    path = save(tmp_path / 'a.png', picture)
    crops = RandomCrops(num_views=2, size=32, scale=(1, 1), ratio=(1, 1), flip_prob=0)
    for view in crops(dict(path=path, index=0, epoch=0))['inputs']:
        assert np.array_equal(view.numpy(), picture.transpose(2, 0, 1))
    flipped = RandomCrops(num_views=1, size=32, scale=(1, 1), ratio=(1, 1), flip_prob=1)(dict(path=path))['inputs'][0]
    assert np.array_equal(flipped.numpy(), picture[:, ::-1].transpose(2, 0, 1))


def test_half_of_the_crops_are_flipped(tmp_path):
    path = save(tmp_path / 'a.png', smooth_picture(8, 8))
    crops = RandomCrops(num_views=400, size=8, scale=(1, 1), ratio=(1, 1))
    flipped = sum(bool(view[0, 0, 0] > view[0, 0, -1]) for view in crops(dict(path=path))['inputs'])
    assert 150 < flipped < 250


def test_a_crop_shows_its_box(tmp_path):
    """The picture's red is x and its green is y, so the crop's corners tell where it was cut."""
    path = save(tmp_path / 'a.png', smooth_picture(256, 256))
    crops = RandomCrops(num_views=20, size=64, scale=(0.1, 0.9), flip_prob=0)
    results = dict(path=path, index=3, epoch=1)
    boxes = crops.boxes(256, 256, crops.draw(results))
    for (x, y, width, height), view in zip(boxes, crops(results)['inputs'], strict=True):
        red, green = view[0].float(), view[1].float()
        assert abs(red[:, 0].mean() - x) < 3 and abs(red[:, -1].mean() - (x + width)) < 4
        assert abs(green[0].mean() - y) < 3 and abs(green[-1].mean() - (y + height)) < 4


def test_crops_depend_on_seed_epoch_index_and_view_only(tmp_path):
    path = save(tmp_path / 'a.png', smooth_picture(64, 48))
    crops = RandomCrops(num_views=2, size=16)

    def cut(**place):
        return torch.stack(crops(dict(path=path, **{'seed': 1, 'epoch': 2, 'index': 3, **place}))['inputs'])

    first = cut()
    np.random.seed(0)
    torch.manual_seed(0)
    assert torch.equal(cut(), first)
    assert not torch.equal(first[0], first[1])
    for place in (dict(seed=2), dict(epoch=3), dict(index=4)):
        other = cut(**place)
        assert not torch.equal(other[0], first[0]) and not torch.equal(other[1], first[1])
    # the same view whatever the others are
    three = RandomCrops(num_views=3, size=16)(dict(path=path, seed=1, epoch=2, index=3))['inputs']
    assert torch.equal(torch.stack(three[:2]), first)


def test_multi_crop(tmp_path):
    path = save(tmp_path / 'a.png', smooth_picture(128, 128))
    crops = RandomCrops(crops=[dict(num=2, size=32, scale=(0.14, 1)), dict(num=6, size=12, scale=(0.05, 0.14))])
    views = crops(dict(path=path))['inputs']
    assert [tuple(view.shape) for view in views] == [(3, 32, 32)] * 2 + [(3, 12, 12)] * 6
    boxes = np.array([crops.boxes(128, 128, crops.draw(dict(index=index))) for index in range(50)])
    area = boxes[..., 2] * boxes[..., 3] / 128**2
    assert area[:, 2:].max() < 0.15 and area[:, :2].max() > 0.9


def test_large_jpegs_are_decoded_at_reduced_size(tmp_path, monkeypatch):
    path = save(tmp_path / 'a.jpg', smooth_picture(640, 480), quality=95)
    asked = []

    def noting(path, reduction=1, *how):
        asked.append(reduction)
        return read_image(path, reduction, *how)

    monkeypatch.setattr('mmwsl.datasets.transforms.decode.read_image', noting)
    crops = RandomCrops(num_views=2, size=40, scale=(0.5, 1.0), flip_prob=0)
    boxes = crops.boxes(640, 480, crops.draw(dict(path=path)))
    reduced = crops(dict(path=path))['inputs']
    assert asked == [lossless_reduction(min(min(box[2:]) for box in boxes) / 40)] and asked[0] >= 4
    # the same crops from the whole picture, decoded before
    whole = crops(dict(path=path, image=read_image(path)))['inputs']
    for one, other in zip(reduced, whole, strict=True):
        assert (one.float() - other.float()).abs().mean() < 2.5
    RandomCrops(size=224, scale=(0.2, 1.0))(dict(path=path))
    assert asked[1:] == [1]


@pytest.mark.parametrize('settings, message', [
    (dict(num_views=0), 'no views'), (dict(size=0), 'size=0'), (dict(scale=(0.5, 1.2)), r'scale=\(0.5, 1.2\)'),
    (dict(scale=(0.8, 0.2)), 'smallest <= largest'), (dict(ratio=(2, 1)), r'ratio=\(2, 1\) is impossible'),
    (dict(flip_prob=2), 'flip_prob=2 is no probability'), (dict(interpolation='cubic'), "'cubic' is unknown; choose"),
    (dict(crops=[]), 'no views'), (dict(crops=[dict(number=2)]), "not \\['number'\\]")])
def test_bad_crop_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        RandomCrops(**settings)


@pytest.mark.parametrize('suffix', ['png', 'jpg'])
@pytest.mark.parametrize('size', [(400, 300), (300, 400), (50, 80), (2000, 1000)])
def test_resize_center_crop_shows_the_centre(tmp_path, size, suffix):
    path = save(tmp_path / f'a.{suffix}', smooth_picture(*size), **(dict(quality=95) if suffix == 'jpg' else {}))
    view = TRANSFORMS.build(dict(type='ResizeCenterCrop', resize=64, crop=56))(dict(path=path))['inputs'].float()
    assert view.shape == (3, 56, 56)
    for channel, extent in ((0, size[0]), (1, size[1])):
        shown = 56 / 64 * min(size) / extent * 255  # how much of the ramp the crop spans
        line = view[channel].mean(dim=channel)  # red: over rows, green: over columns
        assert abs(line[0] - (127.5 - shown / 2)) < 5 and abs(line[-1] - (127.5 + shown / 2)) < 5


def test_resize_center_crop_agrees_with_pil(voc_root):
    for path in sorted((voc_root / 'JPEGImages').glob('*.jpg'))[:10]:
        with Image.open(path) as image:
            width, height = image.size
            scale = 256 / min(width, height)
            new = (256, int(height * scale)) if width <= height else (int(width * scale), 256)
            left, top = round((new[0] - 224) / 2), round((new[1] - 224) / 2)
            expected = np.asarray(image.resize(new, Image.BICUBIC).crop((left, top, left + 224, top + 224)))
        view = ResizeCenterCrop(256, 224)(dict(path=path))['inputs'].numpy().transpose(1, 2, 0)
        assert np.abs(view.astype(float) - expected).mean() < 2.5


def test_bad_test_time_sizes():
    with pytest.raises(ValueError, match='crop of 300 does not fit a short side of 256'):
        ResizeCenterCrop(256, 300)


@pytest.mark.slow
def test_crops_cost_little_beside_decoding(voc_root):
    """Two crops cost less than the decoding they share; measured in turn, in this thread's own processor time."""
    paths = [str(path) for path in sorted((voc_root / 'JPEGImages').glob('*.jpg'))[:150]]
    crops = RandomCrops(num_views=2, size=224)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(0)
    try:
        decoding, both = [], []
        for _ in range(3):
            start = time.thread_time()
            for path in paths:
                read_image(path)
            middle = time.thread_time()
            for index, path in enumerate(paths):
                crops(dict(path=path, index=index))
            decoding.append(middle - start)
            both.append(time.thread_time() - middle)
    finally:
        cv2.setNumThreads(threads)
    assert min(both) < 2 * min(decoding)


def test_random_crop_of_the_central_square(tmp_path):
    """Of a wide image whose thirds have three colours, the square holds the middle one alone."""
    pixels = np.zeros((32, 96, 3), np.uint8)
    pixels[:, :32, 0], pixels[:, 32:64, 1], pixels[:, 64:, 2] = 255, 255, 255
    path = str(tmp_path / 'wide.png')
    Image.fromarray(pixels).save(path)
    seen = {square: set() for square in (False, True)}
    for square, colours in seen.items():
        crop = ResizeRandomCrop(32, 24, square=square)
        for epoch in range(40):
            view = crop(dict(path=path, epoch=epoch))['inputs']
            assert view.shape == (3, 24, 24)
            colours.update(torch.unique(view.flatten(1).argmax(0)).tolist())
    assert seen == {False: {0, 1, 2}, True: {1}}
