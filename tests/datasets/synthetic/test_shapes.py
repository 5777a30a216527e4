"""Textured shapes: what is painted against what is said of it, rates, small parts, clips, determinism."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmwsl.datasets import Shapes
from mmwsl.datasets.synthetic.shape_rendering import SHAPES, capsule, outlines, two_tones, visible_shares
from mmwsl.registry import DATASETS
from mmwsl.shipped import configs_root

LUMA = torch.tensor([0.299, 0.587, 0.114])
MANY = dict(num_images=24, objects=(0, 5), max_cover=0.6, scale=(0.3, 0.5), num_classes=10, supervision='full', seed=3)
PARTS = dict(part='ring', num_images=60, objects=(1, 2))


def samples(dataset):
    return [(item['inputs'], item['data_samples']) for item in map(dataset.__getitem__, range(len(dataset)))]


def hull(mask):
    rows, columns = np.nonzero(mask.numpy())
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


# -- truth against pixels and against itself

def test_painted_pixels_are_exactly_the_masks_on_a_flat_background():
    painted = 0
    for image, sample in samples(Shapes(background='plain', **MANY)):
        mask = sample.gt_amodal_masks.any(0)
        ground = image[:, ~mask][:, :1]
        assert (image[:, ~mask] == ground).all()
        first = sample.gt_instance_masks[sample.gt_order == 0].any(0)  # the others may lie on another of their color
        assert (image[:, first] != ground).any(0).all()
        painted += int(first.sum())
    assert painted > 3000


@pytest.mark.parametrize('settings', [{}, dict(part='ring', part_probability=0.7),
                                      dict(part='ring', part_probability=0.7, carrier_class=True)])
def test_masks_boxes_order_and_tags_agree(settings):
    hidden = 0
    for _, sample in samples(Shapes(**{**MANY, **settings, **(dict(scale=None) if settings else {})})):
        assert sorted(sample.gt_order.tolist()) == list(range(len(sample.gt_order)))
        assert sample.gt_boxes.tolist() == [hull(mask) for mask in sample.gt_amodal_masks]
        visible = sample.gt_instance_masks
        for i, order in enumerate(sample.gt_order):
            in_front = sample.gt_amodal_masks[sample.gt_order > order].any(0)
            if not settings or settings.get('carrier_class'):
                assert torch.equal(visible[i], sample.gt_amodal_masks[i] & ~in_front)
            assert not (visible[i] & ~sample.gt_amodal_masks[i]).any()
            hidden += int((sample.gt_amodal_masks[i] & in_front).sum())
        expected = (visible * (sample.gt_box_labels + 1)[:, None, None]).sum(0)
        assert torch.equal(sample.gt_mask.long(), expected)
        seen = set(sample.gt_mask.unique().tolist()) - {0}
        assert seen == {label + 1 for label in sample.gt_label.nonzero().flatten().tolist()}
    assert hidden > (0 if settings.get('part') and not settings.get('carrier_class') else 100)  # small parts rarely meet


def test_nothing_is_nearly_hidden():
    shares = [float(sample.gt_instance_masks[i].sum() / sample.gt_amodal_masks[i].sum())
              for _, sample in samples(Shapes(**{**MANY, 'num_images': 60})) for i in range(len(sample.gt_order))]
    assert 0.25 <= min(shares) < 0.6 and max(shares) == 1
    apart = [sample for _, sample in samples(Shapes(**{**MANY, 'max_cover': 0, 'objects': (2, 2), 'scale': (.2, .3)}))]
    assert np.mean([sample.gt_amodal_masks.sum(0).max() == 1 for sample in apart]) > 0.9


def test_visible_shares_of_three_squares():
    covers = [((slice(0, 4), slice(0, 4)), np.ones((4, 4))), ((slice(0, 4), slice(2, 6)), np.ones((4, 4))),
              ((slice(0, 2), slice(0, 8)), np.ones((2, 8)))]
    assert visible_shares(covers, np.array([0, 1, 2]), 8).tolist() == [0.25, 0.5, 1]
    assert visible_shares(covers, np.array([2, 1, 0]), 8).tolist() == [1, 0.5, 4 / 16]


def test_sizes_and_shapes():
    dataset = Shapes(num_images=40, size=128, objects=(1, 1), scale=(0.5, 0.6), num_classes=10, max_angle=0,
                     supervision='full')
    assert dataset.labels.dtype == torch.int64 and dataset.classes == list(SHAPES)
    fill = dict(circle=np.pi / 4, square=1, triangle=0.5, ring=np.pi / 4 * (1 - 0.55 ** 2), cross=5 / 9, bar=1)
    found = set()
    for _, sample in samples(dataset):
        x1, y1, x2, y2 = sample.gt_boxes[0].tolist()
        assert 0.5 * 128 - 1.5 <= max(x2 - x1, y2 - y1) <= 0.6 * 128 + 1.5
        name = dataset.classes[int(sample.gt_label)]
        if name in fill:
            found.add(name)
            assert float(sample.gt_amodal_masks[0].sum()) / ((x2 - x1) * (y2 - y1)) == pytest.approx(fill[name], abs=.03)
    assert len(found) >= 4


def test_outlines_lie_within_the_unit_square():
    for name, polygons in [*outlines().items(), ('capsule', capsule(2.0))]:
        assert np.abs(polygons[0]).max() == pytest.approx(1, abs=0.4), name
    assert np.ptp(capsule(2.0)[0], axis=0).tolist() == pytest.approx([2, 1], abs=0.01)
    x, y = outlines()['crescent'][0].T
    assert np.hypot(x, y).max() == pytest.approx(1) and np.hypot(x - 0.9, y).min() == pytest.approx(np.hypot(0.8, 0.3))


def test_two_tones():
    assert two_tones(0.5, 0.2, 0.0) == pytest.approx((0.7, 0.85))
    assert two_tones(0.5, 0.2, -1.0) == pytest.approx((0.2, 0.05))
    assert two_tones(0.9, 0.2, 0.5) == pytest.approx((0.65, 0.5))  # no room above
    assert two_tones(0.1, 0.5, -1.0) == pytest.approx((0.7, 0.85))


def test_objects_stand_out_by_the_contrast():
    for image, sample in samples(Shapes(num_images=30, objects=(1, 1), background='plain', contrast=0.3,
                                        supervision='full')):
        mask = sample.gt_amodal_masks[0]
        core = torch.from_numpy(cv2.erode(mask.numpy().astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool))
        ground = (image[:, ~mask][:, 0] / 255) @ LUMA
        assert (torch.einsum('cn,c->n', image[:, core] / 255, LUMA) - ground).abs().min() >= 0.3 - 0.02


# -- rates

def test_context_comes_with_its_class():
    """Planted at 0.9 and 0.05 of 300 images: within three standard errors; in the fields, too, and in the pixels."""
    dataset = Shapes(num_images=300, objects=(1, 2), context_classes=(1,), hue_evidence=0)
    there = np.array([bool(dataset._scene(i).contexts) for i in range(300)])
    tagged = dataset.labels[:, 1].numpy() > 0
    assert there[tagged].mean() == pytest.approx(0.9, abs=3 * np.sqrt(0.09 / tagged.sum()))
    assert there[~tagged].mean() == pytest.approx(0.05, abs=3 * np.sqrt(0.0475 / (~tagged).sum()))
    full = Shapes(num_images=24, objects=(1, 2), context_classes=(1,), supervision='full', context_elsewhere=0)
    for image, sample in samples(full):
        assert not (sample.gt_context_mask & (sample.gt_mask > 0)).any()
        assert sample.gt_label[1] or not sample.gt_context_mask.any()
        if sample.gt_context_mask.any():
            assert 0.05 < sample.gt_context_mask.float().mean() < 0.5
            red, green, _ = image[:, sample.gt_context_mask].float().mean(1)
            assert green > red  # the hue of class 1 of 5 is 72 degrees
    assert not any(sample.gt_context_mask.any() for _, sample in samples(Shapes(**MANY)))


def test_hue_tells_the_class_as_often_as_asked():
    def agreed(evidence):
        dataset = Shapes(num_images=120, objects=(1, 1), hue_evidence=evidence)
        scenes = [dataset._scene(i).objects[0] for i in range(120)]
        hues = [cv2.cvtColor(np.float32([[each.rgb[0]]]), cv2.COLOR_RGB2HSV)[0, 0, 0] / 360 for each in scenes]
        return np.mean([round(hue * 5) % 5 == each.label for hue, each in zip(hues, scenes, strict=True)])

    assert agreed(1.0) == 1 and agreed(0.0) == pytest.approx(0.2, abs=0.12)
    assert agreed(0.5) == pytest.approx(0.6, abs=0.14)


def test_small_parts():
    dataset = Shapes(supervision='full', **PARTS)
    assert dataset.classes == ['ring'] and dataset.labels.shape == (60, 1)
    assert 0.2 < dataset.labels.mean() < 0.6  # 0.3 of 1 to 2 carriers: 0.405
    areas = [float(mask.float().mean()) for _, sample in samples(dataset) for mask in sample.gt_instance_masks]
    assert 0.001 < min(areas) and max(areas) < 0.08 and np.median(areas) < 0.03
    with_carrier = Shapes(supervision='full', carrier_class=True, **PARTS)
    assert with_carrier.classes == ['ring', 'carrier'] and with_carrier.labels[:, 1].all()
    for (image, sample), (same, other) in zip(samples(dataset), samples(with_carrier), strict=True):
        assert torch.equal(image, same)
        assert torch.equal(sample.gt_mask == 1, other.gt_mask == 1)
        carriers = other.gt_amodal_masks[other.gt_box_labels == 1].any(0)
        assert not (sample.gt_amodal_masks.any(0) & ~carriers).any()
    assert not Shapes(**PARTS | dict(part_probability=0)).labels.any()


# -- clips

def test_clips_move_by_their_flow():
    dataset = Shapes(num_images=6, objects=(1, 2), clip_length=4, max_speed=0.06, background='plain',
                     supervision='full', seed=1)
    grid_y, grid_x = np.meshgrid(np.arange(64, dtype=np.float32), np.arange(64, dtype=np.float32), indexing='ij')
    errors = []
    for clip, sample in samples(dataset):
        assert clip.shape == (4, 3, 64, 64) and sample.gt_flow.shape == (3, 2, 64, 64)
        assert sample.gt_boxes.shape[0] == sample.gt_mask.shape[0] == 4
        for t in range(3):
            flow, seen = sample.gt_flow[t].numpy(), sample.gt_mask[t].numpy()
            assert not flow[:, seen == 0].any()
            inner = cv2.erode(seen, np.ones((5, 5), np.uint8)) == cv2.dilate(seen, np.ones((5, 5), np.uint8))
            later = clip[t + 1].permute(1, 2, 0).numpy().astype(np.float32)
            back = cv2.remap(later, grid_x + flow[0], grid_y + flow[1], cv2.INTER_LINEAR)
            errors.append(np.abs(back - clip[t].permute(1, 2, 0).numpy())[inner & (seen > 0)])
    assert np.concatenate(errors).mean() < 4
    still = Shapes(num_images=2, clip_length=3, max_speed=0)[1]['inputs']
    assert torch.equal(still[0], still[1]) and torch.equal(still[0], still[2])


# -- determinism, batches, supervision

def test_image_does_not_depend_on_order_batch_memory_or_number():
    arguments = dict(num_images=12, seed=5)
    dataset, eager = Shapes(**arguments), Shapes(in_memory=True, **arguments)
    forward = [dataset[i]['inputs'] for i in range(12)]
    fresh = Shapes(**{**arguments, 'num_images': 20})
    assert all(torch.equal(fresh[i]['inputs'], forward[i]) for i in reversed(range(12)))
    batch = dataset.__getitems__([5, 2])
    assert torch.equal(batch['inputs'], torch.stack([forward[5], forward[2]]))
    assert torch.equal(batch['data_samples'].gt_label, dataset.labels[[5, 2]])
    assert batch['data_samples'].index.tolist() == [5, 2]
    assert torch.equal(eager.images, torch.stack(forward)) and torch.equal(eager.labels, dataset.labels)
    assert torch.equal(eager.__getitems__([4, 4])['inputs'], eager.images[[4, 4]])
    full = Shapes(in_memory=True, supervision='full', **arguments).__getitems__(range(12))
    assert torch.equal(full['inputs'], eager.images) and full['data_samples'].gt_mask.shape == (12, 64, 64)
    part = Shapes(max_images=4, **arguments)
    assert torch.equal(part[2]['inputs'], forward[6]) and torch.equal(part.labels, dataset.labels[[0, 3, 6, 9]])
    others = [Shapes(num_images=1, split=split, seed=seed)[0]['inputs'] for split in ('train', 'test') for seed in (5, 6)]
    assert torch.equal(others[0], forward[0])
    assert not any(torch.equal(forward[0], each) for each in others[1:])


@pytest.mark.parametrize('supervision, expected', [
    ('none', set()), ('image', {'gt_label'}), ('points', {'gt_label', 'gt_points'}),
    ('scribbles', {'gt_label', 'gt_scribbles'}), ('boxes', {'gt_label', 'gt_boxes', 'gt_box_labels'}),
    ('full', {'gt_label', 'gt_boxes', 'gt_box_labels', 'gt_instance_masks', 'gt_amodal_masks', 'gt_order', 'gt_mask',
              'gt_context_mask'})])
def test_supervision_decides_what_is_seen(supervision, expected):
    dataset = Shapes(num_images=3, supervision=supervision)
    for sample in (dataset[1]['data_samples'], dataset.__getitems__([0, 1])['data_samples']):
        assert {key for key in sample.keys() if key.startswith('gt_')} == expected
    assert (dataset.labels is None) == (supervision == 'none')


def test_points_and_scribbles_lie_on_their_classes():
    settings = dict(num_images=10, num_classes=10, objects=(0, 4))
    full = samples(Shapes(supervision='full', **settings))
    for (_, truth), (_, sample), (_, drawn) in zip(full, samples(Shapes(supervision='points', **settings)),
                                                   samples(Shapes(supervision='scribbles', **settings)), strict=True):
        assert len(sample.gt_points) == len(truth.gt_boxes)
        x, y, label = sample.gt_points.long().T
        assert torch.equal(truth.gt_mask[y, x].long(), label + 1)
        known = drawn.gt_scribbles != 255
        assert torch.equal(drawn.gt_scribbles[known], truth.gt_mask[known])
        assert set(drawn.gt_scribbles[known].tolist()) == set(truth.gt_mask.unique().tolist())


def test_the_base_config():
    cfg = Config.fromfile(configs_root() / '_base_' / 'datasets' / 'shapes.py')
    train, test = (dict(cfg[name].dataset, num_images=150) for name in ('train_dataloader', 'test_dataloader'))
    images = DATASETS.build(train).images.double()
    assert images.mean((0, 2, 3)).tolist() == pytest.approx(cfg.data_preprocessor.mean, abs=6)
    assert images.std((0, 2, 3)).tolist() == pytest.approx(cfg.data_preprocessor.std, abs=6)
    assert DATASETS.build(test)[0]['data_samples'].gt_mask.shape == (64, 64)


@pytest.mark.parametrize('arguments, message', [
    (dict(split='val'), "split='val' is unknown; choose 'train' or 'test'"), (dict(num_images=0), 'leaves no image'),
    (dict(size=16), 'size=16 is out of range'), (dict(seed=-1), 'negative'), (dict(num_classes=11), 'must be 1 to 10'),
    (dict(objects=(2, 1)), 'objects=.2, 1. must be'), (dict(scale=(0.5, 1.0)), r'scale=\(0.5, 1.0\) must be'),
    (dict(scale=(0.05, 0.5)), 'objects have 3.2 pixels at least, too few'),
    (dict(part='ring', part_scale=(0.2, 0.3)), 'objects have 2.7 pixels at least'),
    (dict(part='nail'), "part='nail' is unknown; choose one of circle, "),
    (dict(part='ring', context_classes=(0,)), 'give part or context_classes, not both'),
    (dict(context_classes=(5,)), r'context_classes=\(5,\) must be numbers from 0 to 4'),
    (dict(background='photo'), "background='photo' is unknown"), (dict(clip_length=1), 'is no clip'),
    (dict(hue_evidence=2), 'hue_evidence=2 must be from 0 to 1'), (dict(contrast=0.6), 'from 0 to 0.5'),
    (dict(supervision='weak'), 'is unknown; choose one of none')])
def test_arguments_out_of_range_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Shapes(**{'num_images': 2, **arguments})
