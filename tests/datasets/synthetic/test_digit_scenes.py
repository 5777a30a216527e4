import multiprocessing

import cv2
import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from mmwsl.datasets.synthetic import scene_rendering
from mmwsl.datasets.synthetic.digit_scenes import DigitScenes
from mmwsl.datasets.synthetic.digits import split_indices
from mmwsl.datasets.synthetic.scene_rendering import contrasting_luma, photo_pyramids, with_luma
from mmwsl.registry import DATASETS

LUMA = torch.tensor([0.299, 0.587, 0.114])
MANY = dict(num_scenes=24, objects=(1, 4), supervision='full', seed=3)


def samples(dataset):
    return [(item['inputs'], item['data_samples']) for item in (dataset[i] for i in range(len(dataset)))]


def hull(mask):
    rows, columns = np.nonzero(mask.numpy())
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


# -- ground truth against pixels and against itself

@pytest.mark.parametrize('kind', ['plain', 'compound'])
def test_painted_pixels_are_exactly_the_masks_on_a_flat_background(kind):
    for image, sample in samples(DigitScenes(kind=kind, background='plain', **MANY)):
        painted = sample.gt_amodal_masks.any(0)
        corner = image[:, ~painted]
        background = corner[:, :1]
        assert (corner == background).all()
        if kind == 'plain':  # colours differ from what is beneath by the contrast: 1/8 of it shows everywhere
            first = sample.gt_instance_masks[sample.gt_order == 0][0]
            assert (image[:, first] != background).any(0).all()


def test_visible_is_amodal_minus_what_lies_in_front():
    hidden = 0
    for _, sample in samples(DigitScenes(**MANY)):
        assert sorted(sample.gt_order.tolist()) == list(range(len(sample.gt_order)))
        for i, order in enumerate(sample.gt_order):
            in_front = sample.gt_amodal_masks[sample.gt_order > order].any(0)
            assert torch.equal(sample.gt_instance_masks[i], sample.gt_amodal_masks[i] & ~in_front)
            hidden += (sample.gt_amodal_masks[i] & in_front).sum().item()
        assert sample.gt_instance_masks.sum(0).max() <= 1
        expected = (sample.gt_instance_masks * (sample.gt_box_labels + 1)[:, None, None]).sum(0)
        assert torch.equal(sample.gt_mask.long(), expected)
    assert hidden > 100  # the scenes do have occlusions


def test_occlusion_order_is_the_order_of_painting():
    """Where two flat-coloured digits overlap, the pixels have the colour of the one in front."""
    checked = 0
    for image, sample in samples(DigitScenes(num_scenes=60, objects=(2, 2), background='plain', supervision='full',
                                             digit_scale=(0.6, 0.8), contrast=0.4)):
        overlap = sample.gt_amodal_masks.all(0).numpy().astype(np.uint8)
        core = torch.from_numpy(cv2.erode(overlap, np.ones((3, 3), np.uint8)).astype(bool))
        front = sample.gt_amodal_masks[sample.gt_order == 1][0]
        inner = torch.from_numpy(cv2.erode(front.numpy().astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool))
        alone = inner & ~sample.gt_amodal_masks[sample.gt_order == 0][0]
        if (core & inner).sum() < 5 or alone.sum() < 5:
            continue
        checked += 1
        colour = image[:, alone].float().median(1).values
        assert (image[:, core & inner].float().median(1).values - colour).abs().max() <= 3
    assert checked >= 5


@pytest.mark.parametrize('kind', ['plain', 'compound'])
def test_boxes_are_the_tight_hulls_of_the_amodal_masks_and_lie_inside(kind):
    dataset = DigitScenes(kind=kind, size=48, **MANY)
    low, high = dataset.digit_scale
    for _, sample in samples(dataset):
        assert sample.gt_boxes.tolist() == [hull(mask) for mask in sample.gt_amodal_masks]
        assert sample.gt_boxes.min() >= 0 and sample.gt_boxes.max() <= 48
        longer = (sample.gt_boxes[:, 2:] - sample.gt_boxes[:, :2]).max(1).values
        assert (longer <= high * 48 + 2).all() and (longer >= 0.8 * low * 48 - 2).all()


def test_label_is_the_digit_drawn():
    """The drawn mask looks like a digit of its class: the nearest class mean is right far more often than 10 %."""
    dataset = DigitScenes(num_scenes=120, digit_scale=(0.8, 0.9), max_angle=0, supervision='full')
    bunch = load_digits()
    ink = bunch.images > 6
    means = np.stack([np.mean([crop_to_box(image) for image in ink[bunch.target == k]], axis=0) for k in range(10)])
    right = 0
    for _, sample in samples(dataset):
        patch = crop_to_box(sample.gt_amodal_masks[0].numpy())
        right += np.square(means - patch).sum((1, 2)).argmin() == sample.gt_label.item()
        assert sample.gt_label.item() == sample.gt_box_labels.item()
    assert right >= 90


def crop_to_box(mask):
    rows, columns = np.nonzero(mask)
    cropped = mask[rows.min():rows.max() + 1, columns.min():columns.max() + 1].astype(np.float32)
    return cv2.resize(cropped, (12, 12), interpolation=cv2.INTER_AREA)


def test_several_objects_give_tags():
    dataset = DigitScenes(**MANY)
    assert dataset.labels.shape == (24, 10) and dataset.labels.dtype == torch.float32
    for index, (_, sample) in enumerate(samples(dataset)):
        assert torch.equal(sample.gt_label, dataset.labels[index])
        assert set(sample.gt_label.nonzero().flatten().tolist()) == set(sample.gt_box_labels.tolist())
    counts = {len(sample.gt_order) for _, sample in samples(dataset)}
    assert counts == {1, 2, 3, 4}


def test_digit_stands_out_by_the_contrast_on_a_flat_background():
    for image, sample in samples(DigitScenes(num_scenes=30, size=96, background='plain', contrast=0.4,
                                             supervision='full')):
        mask = sample.gt_amodal_masks[0].numpy().astype(np.uint8)
        core = torch.from_numpy(cv2.erode(mask, np.ones((3, 3), np.uint8)).astype(bool))
        ground = (image[:, ~torch.from_numpy(mask.astype(bool))][:, 0] / 255) @ LUMA
        difference = (torch.einsum('cn,c->n', image[:, core] / 255, LUMA) - ground).abs()
        assert difference.quantile(0.9) >= 0.4 - 0.02  # faint strokes are translucent, the others are not


def test_colour_arithmetic():
    rgb = np.array([0.2, 0.5, 0.9])
    for luma in (0.0, 0.1, 0.6, 1.0):
        colour = with_luma(rgb, luma)
        assert colour @ [0.299, 0.587, 0.114] == pytest.approx(luma, abs=1e-6)
        assert colour.min() >= -1e-7 and colour.max() <= 1 + 1e-7
    # luma 0.4, contrast 0.3: permitted are [0, 0.1] and [0.7, 1], together 0.4 long; a quarter of it is dark.
    assert contrasting_luma(0.4, 0.3, 0.0) == pytest.approx(0.0)
    assert contrasting_luma(0.4, 0.3, 0.2) == pytest.approx(0.08)
    assert contrasting_luma(0.4, 0.3, 0.5) == pytest.approx(0.8)
    assert contrasting_luma(0.2, 0.3, 0.0) == pytest.approx(0.5)
    assert contrasting_luma(0.9, 0.3, 0.5) == pytest.approx(0.3)
    assert contrasting_luma(0.5, 0.5, 0.7) in (0.0, 1.0)


# -- compound objects

def test_the_digit_is_a_small_part_upon_the_body():
    dataset = DigitScenes(num_scenes=100, kind='compound', background='plain', supervision='full')
    for index, (_, sample) in enumerate(samples(dataset)):
        x1, y1, x2, y2 = sample.gt_part_boxes[0].int().tolist()
        box = sample.gt_boxes[0]
        assert (sample.gt_part_boxes[0, :2] >= box[:2]).all() and (sample.gt_part_boxes[0, 2:] <= box[2:]).all()
        body = sample.gt_amodal_masks[0]
        assert body[y1:y2, x1:x2].float().mean() > 0.9
        assert body.sum() > 0.65 * (box[2] - box[0]) * (box[3] - box[1])  # an ellipse fills pi / 4 of an upright hull
        (_, _, part), = dataset._scene(index).render(64)[1]
        assert 0 < part.sum() < 0.15 * body.sum()


def stripe_class(image, sample):
    """Direction of the stripes in classes of 18 degrees: the strongest frequency within the body, without its digit."""
    mask = sample.gt_amodal_masks[0].numpy().copy()
    x1, y1, x2, y2 = sample.gt_part_boxes[0].int().tolist()
    mask[y1:y2, x1:x2] = False
    mask = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    grey = (image.permute(1, 2, 0).float() @ LUMA).numpy()
    grey = np.where(mask, grey - grey[mask].mean(), 0)
    spectrum = np.abs(np.fft.fft2(grey, s=(256, 256)))
    fy, fx = np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256), indexing='ij')
    spectrum[np.hypot(fx, fy) < 0.05] = 0
    peak = np.unravel_index(spectrum.argmax(), spectrum.shape)
    angle = np.degrees(np.arctan2(fy[peak], fx[peak])) % 180
    return int(np.rint(angle / 18)) % 10


@pytest.mark.parametrize('evidence, low, high', [(0.0, 0.0, 0.2), (0.5, 0.42, 0.68), (1.0, 0.95, 1.0)])
def test_stripes_tell_the_class_as_often_as_asked(evidence, low, high):
    dataset = DigitScenes(num_scenes=200, kind='compound', background='plain', supervision='full', size=96,
                          body_evidence=evidence)
    agreed = np.mean([stripe_class(image, sample) == sample.gt_label.item() for image, sample in samples(dataset)])
    assert low <= agreed <= high  # 0.5: 0.5 + 0.5 x 0.1 = 0.55 +- 2 standard errors and misreadings


# -- clips

def warping_error(dataset, offset):
    """Mean grey level by which frame t + 1, brought back by flow + ``offset``, differs from frame t.

    Over pixels whose surface is in view in both frames, anti-aliased mixtures left out.
    """
    grid_y, grid_x = np.meshgrid(np.arange(64, dtype=np.float32), np.arange(64, dtype=np.float32), indexing='ij')
    errors = []
    for image, sample in samples(dataset):
        assert image.shape == (4, 3, 64, 64) and sample.gt_flow.shape == (3, 2, 64, 64)
        frames = image.permute(0, 2, 3, 1).numpy().astype(np.float32)
        for t in range(3):
            flow = sample.gt_flow[t].numpy()
            x, y = grid_x + flow[0], grid_y + flow[1]
            now, later = owner(sample, t), owner(sample, t + 1)
            valid = interior(now) & (cv2.remap(later, x, y, cv2.INTER_NEAREST) == now)
            valid &= cv2.remap(interior(later).astype(np.uint8), x, y, cv2.INTER_NEAREST) > 0
            valid &= (x >= 2) & (y >= 2) & (x <= 61) & (y <= 61)
            back = cv2.remap(frames[t + 1], x + offset[0], y + offset[1], cv2.INTER_LINEAR)
            errors.append(np.abs(back - frames[t])[valid])
    return np.concatenate(errors).mean()


CLIP = dict(num_scenes=6, objects=(2, 3), clip_length=4, max_speed=0.06, supervision='full', seed=1)


def test_flow_brings_the_next_frame_back_on_flat_colours():
    assert warping_error(DigitScenes(background='plain', **CLIP), (0, 0)) < 0.5


def test_flow_of_photo_and_textured_bodies_is_the_best_there_is():
    """A textured surface blurs when it is resampled, but a quarter of a pixel beside the true flow is worse."""
    dataset = DigitScenes(kind='compound', **CLIP)
    best = warping_error(dataset, (0, 0))
    assert best < 4
    for offset in ((0.25, 0), (-0.25, 0), (0, 0.25), (0, -0.25)):
        assert warping_error(dataset, offset) > 1.2 * best


def owner(sample, frame):
    """Which object is seen at each pixel, -1 = background; int16 (H, W)."""
    result = np.full(sample.gt_mask.shape[1:], -1, dtype=np.int16)
    for i, mask in enumerate(sample.gt_instance_masks[frame].numpy()):
        result[mask] = i
    return result


def interior(labels):
    """Pixels whose 3 x 3 neighbourhood has one label: no anti-aliased mixture."""
    as_float = labels.astype(np.float32)
    return cv2.dilate(as_float, np.ones((3, 3))) == cv2.erode(as_float, np.ones((3, 3)))


def test_boxes_move_at_constant_velocity_and_match_the_flow():
    dataset = DigitScenes(num_scenes=8, clip_length=5, objects=(1, 2), supervision='full', max_speed=0.05)
    for _, sample in samples(dataset):
        middle = (sample.gt_boxes[..., :2] + sample.gt_boxes[..., 2:]) / 2  # (T, N, 2)
        assert sample.gt_boxes.min() >= 0 and sample.gt_boxes.max() <= 64
        for i in range(middle.shape[1]):
            visible = sample.gt_instance_masks[0, i]
            if not visible.any():
                continue
            velocity = sample.gt_flow[0][:, visible][:, 0]
            assert (sample.gt_flow[0][:, visible] == velocity[:, None]).all()
            assert velocity.abs().max() <= 0.05 * 64
            assert ((middle[4, i] - middle[0, i]) / 4 - velocity).abs().max() <= 0.3  # boxes are whole pixels
        assert torch.equal(sample.gt_mask > 0, sample.gt_amodal_masks.any(1))


def test_first_frame_of_a_clip_with_no_speed_is_a_still():
    still = DigitScenes(num_scenes=4, clip_length=3, max_speed=0.0, supervision='full')
    for image, sample in samples(still):
        assert torch.equal(image[0], image[1]) and torch.equal(image[0], image[2])
        assert not sample.gt_flow.any()


# -- determinism, batches, supervision

def render_in_process(arguments):
    return DigitScenes(**arguments)[5]['inputs'].numpy()


def test_scene_does_not_depend_on_order_batch_process_or_number_of_scenes():
    arguments = dict(num_scenes=12, objects=(1, 3), seed=5)
    dataset = DigitScenes(**arguments)
    forward = [dataset[i]['inputs'] for i in range(12)]
    fresh = DigitScenes(**{**arguments, 'num_scenes': 40})
    backward = [fresh[i]['inputs'] for i in reversed(range(12))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(forward, backward, strict=True))
    batch = dataset.__getitems__([5, 2])
    assert torch.equal(batch['inputs'], torch.stack([forward[5], forward[2]]))
    assert torch.equal(batch['data_samples'].gt_label, dataset.labels[[5, 2]])
    assert batch['data_samples'].index.tolist() == [5, 2]
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        other, = pool.map(render_in_process, [arguments])
    assert np.array_equal(forward[5].numpy(), other)
    assert torch.equal(dataset[-1]['inputs'], forward[11])
    with pytest.raises(IndexError, match='no image 12'):
        dataset[12]


def test_seed_split_and_index_each_give_another_scene():
    images = [DigitScenes(num_scenes=2, split=split, seed=seed)[i]['inputs']
              for split in ('train', 'test') for seed in (0, 1) for i in (0, 1)]
    for i, first in enumerate(images):
        for second in images[i + 1:]:
            assert not torch.equal(first, second)


def test_in_memory_is_the_same_data():
    lazy, eager = DigitScenes(num_scenes=10, size=32), DigitScenes(num_scenes=10, size=32, in_memory=True)
    assert torch.equal(eager.images, lazy.__getitems__(range(10))['inputs'])
    batch = eager.__getitems__(torch.tensor([4, 4, 0]))
    assert torch.equal(batch['inputs'], eager.images[[4, 4, 0]])
    assert batch['data_samples'].gt_label.tolist() == lazy.labels[[4, 4, 0]].tolist()
    full = DigitScenes(num_scenes=10, size=32, in_memory=True, supervision='full')[3]
    assert torch.equal(full['inputs'], eager.images[3])
    assert full['data_samples'].gt_mask.max() == eager.labels[3] + 1


def test_max_images_takes_an_even_subset():
    whole, part = DigitScenes(num_scenes=12), DigitScenes(num_scenes=12, max_images=4)
    assert len(part) == 4 and part.labels.tolist() == whole.labels[[0, 3, 6, 9]].tolist()
    assert torch.equal(part[2]['inputs'], whole[6]['inputs'])


@pytest.mark.parametrize('supervision, expected', [
    ('none', set()),
    ('image', {'gt_label'}),
    ('points', {'gt_label'}),
    ('boxes', {'gt_label', 'gt_boxes', 'gt_box_labels'}),
    ('full', {'gt_label', 'gt_boxes', 'gt_box_labels', 'gt_instance_masks', 'gt_amodal_masks', 'gt_order', 'gt_mask',
              'gt_part_boxes'}),
])
@pytest.mark.parametrize('in_memory', [False, True])
def test_supervision_decides_what_is_seen(supervision, expected, in_memory):
    dataset = DigitScenes(num_scenes=3, kind='compound', supervision=supervision, in_memory=in_memory)
    for sample in (dataset[1]['data_samples'], dataset.__getitems__([0, 1])['data_samples']):
        assert {key for key in sample.keys() if key.startswith('gt_')} == expected
    assert (dataset.labels is None) == (supervision == 'none')


def test_batch_of_scenes_with_different_numbers_of_objects():
    dataset = DigitScenes(**MANY)
    batch = dataset.__getitems__(range(24))['data_samples']
    assert batch.gt_mask.shape == (24, 64, 64) and batch.gt_label.shape == (24, 10)
    assert [len(boxes) for boxes in batch.gt_boxes] == [len(dataset[i]['data_samples'].gt_boxes) for i in range(24)]


# -- splits share nothing

def test_digits_of_the_splits_are_disjoint():
    used = {split: {int(i) for n in range(300) for i in dataset._draw_digits(dataset._rng(n))}
            for split, dataset in ((s, DigitScenes(s, num_scenes=300)) for s in ('train', 'test'))}
    assert used['train'] <= set(split_indices('train').tolist())
    assert used['test'] <= set(split_indices('test').tolist())
    assert not used['train'] & used['test'] and min(map(len, used.values())) > 100


@pytest.mark.parametrize('split', ['train', 'test'])
def test_background_shows_only_the_split_s_part_of_the_photos(split, monkeypatch):
    """Photos painted white in the other split's part: no background gets any lighter."""
    x1, y1, x2, y2 = scene_rendering.PHOTO_REGIONS[split]
    ox1, _, ox2, _ = scene_rendering.PHOTO_REGIONS['test' if split == 'train' else 'train']
    assert x2 <= ox1 or ox2 <= x1
    decode = cv2.imdecode

    def marked(*arguments):
        photo = np.zeros_like(decode(*arguments))
        photo[:, ox1:ox2] = 255
        return photo

    photo_pyramids.cache_clear()
    monkeypatch.setattr(scene_rendering.cv2, 'imdecode', marked)
    try:
        dataset = DigitScenes(split, num_scenes=100, clip_length=3)
        for index in range(100):
            background = dataset._scene(index).background
            assert max(background.draw(64, frame).max() for frame in range(3)) == 0
    finally:
        photo_pyramids.cache_clear()


def test_background_directions_are_evenly_spread_only_if_asked():
    def turns(**arguments):
        dataset = DigitScenes(num_scenes=400, **arguments)
        matrices = [dataset._scene(i).background.matrix for i in range(400)]
        return [tuple(np.rint(m / abs(np.linalg.det(m)) ** 0.5).astype(int).ravel().tolist()) for m in matrices]

    rotated = turns()
    counts = [rotated.count(turn) for turn in set(rotated)]
    assert len(counts) == 8 and min(counts) >= 25  # 400 / 8 = 50, standard deviation 6.6
    assert set(turns(background_rotation=False)) == {(1, 0, 0, 1)}


# -- bad input

@pytest.mark.parametrize('arguments, message', [
    (dict(split='val'), "choose 'train' or 'test'"),
    (dict(num_scenes=0), 'give 1 or more'),
    (dict(size=16), 'choose 32 to 128'),
    (dict(size=129), 'choose 32 to 128'),
    (dict(seed=-1), 'give 0 or more'),
    (dict(kind='body'), "choose 'plain' or 'compound'"),
    (dict(background='black'), "choose 'photo' or 'plain'"),
    (dict(objects=(3, 1)), 'min <= max; swap'),
    (dict(objects=(0, 1)), 'min <= max'),
    (dict(digit_scale=(0.6, 0.3)), 'min <= max <= 0.9'),
    (dict(digit_scale=(0.5, 1.2)), 'min <= max <= 0.9'),
    (dict(digit_scale=(0.1, 0.5)), '6.4 pixels, too few to read.*raise size'),
    (dict(size=32, kind='compound'), 'compound objects need 20'),
    (dict(body_evidence=1.5), 'share from 0 to 1'),
    (dict(contrast=0.6), 'from 0 to 0.5'),
    (dict(max_angle=-3), 'from 0 to 180'),
    (dict(clip_length=1), '2 or more frames'),
    (dict(max_speed=0.7), 'sides per frame'),
    (dict(supervision='tags'), 'choose one of'),
])
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        DigitScenes(**{'num_scenes': 2, **arguments})


def test_missing_photograph_names_a_remedy(monkeypatch, tmp_path):
    photo_pyramids.cache_clear()
    monkeypatch.setattr(scene_rendering, 'files', lambda package: tmp_path)
    with pytest.raises(FileNotFoundError, match="background='plain'"):
        DigitScenes(num_scenes=1)[0]


def test_builds_from_a_config():
    dataset = DATASETS.build(dict(type='DigitScenes', num_scenes=2, objects=[1, 1], digit_scale=[0.4, 0.5]))
    assert dataset.metainfo == dict(classes=list('0123456789'))
    assert dataset[0]['inputs'].shape == (3, 64, 64) and dataset[0]['inputs'].dtype == torch.uint8


# -- stacks, and what the scene is made of

@pytest.mark.parametrize('kind', ['plain', 'compound'])
def test_layers_make_the_picture(kind):
    """Contents where each object is seen, the background elsewhere; contents are 0 outside of a whole object."""
    for image, sample in samples(DigitScenes(kind=kind, content=True, **MANY)):
        seen, whole = sample.gt_instance_masks[:, None], sample.gt_amodal_masks[:, None]
        made = (sample.gt_contents * seen).sum(0) + sample.gt_background * ~whole.any(0)
        assert torch.equal(made.byte(), image) and not (sample.gt_contents * ~whole).any()
    plain = DigitScenes(kind=kind, **MANY)[0]
    assert 'gt_contents' not in plain['data_samples'] and torch.equal(plain['inputs'], DigitScenes(
        kind=kind, content=True, **MANY)[0]['inputs'])


def test_stacks_are_three_deep_and_in_no_order():
    dataset = DigitScenes(num_scenes=40, objects=(3, 3), stacked=True, kind='compound', digit_scale=(0.35, 0.55),
                          supervision='full')
    deep, orders = 0, set()
    for index, (_, sample) in enumerate(samples(dataset)):
        deep += bool((sample.gt_amodal_masks.sum(0) == 3).any())
        orders.add(tuple(sample.gt_order.tolist()))
        assert set(sample.gt_box_labels.tolist()) == set(dataset.labels[index].nonzero().flatten().tolist())
        assert sample.gt_boxes.min() >= 0 and sample.gt_boxes.max() <= 64
    assert deep == 40 and len(orders) == 6


def test_layers_of_clips():
    sample = DigitScenes(clip_length=3, content=True, **MANY)[1]['data_samples']
    count = len(sample.gt_order)
    assert sample.gt_contents.shape == (3, count, 3, 64, 64) and sample.gt_background.shape == (3, 3, 64, 64)
