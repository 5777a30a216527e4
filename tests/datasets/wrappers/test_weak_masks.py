"""Data sets whose class maps are mostly unlabelled."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.datasets import Shapes, WeakMasks
from mmwsl.structures import DataSample


def shapes(count=12, supervision='full', seed=0):
    return Shapes('train', count, 48, seed=seed, objects=(1, 2), supervision=supervision)


@pytest.mark.parametrize('labels', ['points', 'scribbles', 'full'])
def test_labels_are_right_where_there_are_some(labels):
    dataset, truth = WeakMasks(shapes(), labels), shapes()
    assert len(dataset) == 12 and dataset.classes == truth.classes
    for index in range(12):
        sample, whole = dataset[index]['data_samples'], truth[index]['data_samples']
        told = sample.gt_mask != 255
        assert torch.equal(sample.gt_mask[told], whole.gt_mask[told])
        assert torch.equal(sample.gt_label, whole.gt_label)
        assert torch.equal(dataset[index]['inputs'], truth[index]['inputs'])
        assert told.all() if labels == 'full' else 2 <= told.sum() < 1000
        assert set(sample.gt_mask[told].tolist()) == set(whole.gt_mask.unique().tolist())


def test_the_same_labels_in_every_order_and_others_with_another_seed():
    first, again, other = (WeakMasks(shapes(), 'points', seed=seed) for seed in (0, 0, 1))
    maps = [first[index]['data_samples'].gt_mask for index in range(12)]
    assert all(torch.equal(maps[index], again[index]['data_samples'].gt_mask) for index in reversed(range(12)))
    assert not any(torch.equal(maps[index], other[index]['data_samples'].gt_mask) for index in range(12))


def test_few_images_have_labels():
    dataset = WeakMasks(shapes(20), 'full', labelled=0.25)
    assert dataset.has_labels.sum() == 5
    for index in range(20):
        sample = dataset[index]['data_samples']
        assert (sample.gt_mask != 255).any() == dataset.has_labels[index]
        assert (sample.gt_label == -1).all() == (not dataset.has_labels[index])
    assert WeakMasks(shapes(20), 'full', labelled=0.01).has_labels.sum() == 1


def test_boxes_come_with_fill_rates():
    dataset = WeakMasks(shapes(12), 'boxes')
    rates = dataset[0]['data_samples'].box_fill_rates
    assert rates.shape == (5,) and (rates > 0.2).all() and (rates <= 1).all()
    squares, stars = rates[1], rates[3]
    assert squares > stars  # a star leaves more of its box
    sample = dataset[3]['data_samples']
    for box, label in zip(sample.gt_boxes.long(), sample.gt_box_labels, strict=True):
        assert (sample.gt_mask[box[1]:box[3], box[0]:box[2]] == label + 1).any()
    assert 'gt_boxes' not in WeakMasks(shapes(), 'points')[0]['data_samples']


def test_seconds_by_hand():
    truth = shapes(6)
    samples = [truth[index]['data_samples'] for index in range(6)]
    expected = sum(5 - len(set(each.gt_box_labels.tolist())) + 2.4 * (1 + len(each.gt_box_labels)) for each in samples)
    assert WeakMasks(shapes(6), 'points').annotation_seconds() == pytest.approx(expected)
    few = WeakMasks(shapes(6), 'full', labelled=1 / 6)
    labelled = samples[int(few.has_labels.argmax())].gt_box_labels
    assert few.annotation_seconds() == pytest.approx(5 - len(set(labelled.tolist())) + 78 * len(labelled))


class _Maps(torch.utils.data.Dataset):
    """Class maps without objects: two squares of one class, and a void row."""
    classes, metainfo, pipeline = ['a', 'b'], dict(classes=['a', 'b']), None

    def __len__(self):
        return 1

    def __getitem__(self, index):
        class_map = torch.zeros(16, 16, dtype=torch.uint8)
        class_map[2:6, 2:6], class_map[9:13, 9:13], class_map[15] = 2, 2, 255
        return dict(inputs=torch.zeros(3, 16, 16, dtype=torch.uint8), data_samples=DataSample(gt_mask=class_map))


def test_class_maps_alone_have_an_object_a_part():
    sample = WeakMasks(_Maps(), 'points')[0]['data_samples']
    assert (sample.gt_mask == 2).sum() == 2 and (sample.gt_mask == 0).sum() == 1 and sample.gt_label.tolist() == [0, 1]
    assert (sample.gt_mask[2:6, 2:6] == 2).sum() == 1 and (sample.gt_mask[15] == 255).all()
    assert WeakMasks(_Maps(), 'points').annotation_seconds() == pytest.approx(1 + 3 * 2.4)


@pytest.fixture
def photos(tmp_path):
    """Two photos with class maps: a square of class b at the left."""
    for folder in ('images', 'maps'):
        (tmp_path / folder).mkdir()
    for number in range(2):
        class_map = np.zeros((32, 48), np.uint8)
        class_map[8:20, 4:16] = 2
        Image.fromarray(class_map).save(tmp_path / 'maps' / f'{number}.png')
        Image.fromarray(np.repeat(class_map[..., None] * 90, 3, axis=2)).save(tmp_path / 'images' / f'{number}.png')
    return dict(type='ClassMaps', images=str(tmp_path / 'images'), maps=str(tmp_path / 'maps'), image_suffix='.png',
                classes=['background', 'a', 'b'], supervision='full')


def test_photos_are_labelled_before_the_pipeline(photos):
    flipped = dict(photos, pipeline=[dict(type='RandomFlip', prob=1.0)])
    plain, mirrored = WeakMasks(photos, 'points'), WeakMasks(flipped, 'points')
    for index in range(2):
        first, second = plain[index]['data_samples'], mirrored[index]['data_samples']
        assert (first.gt_mask != 255).sum() == 2 and (first.gt_mask[8:20, 4:16] == 2).sum() == 1
        assert torch.equal(first.gt_mask.flip(1), second.gt_mask) and first.gt_label.tolist() == [0, 1]
        assert torch.equal(mirrored[index]['data_samples'].gt_mask, second.gt_mask)  # again
    assert not torch.equal(plain[0]['data_samples'].gt_mask, plain[1]['data_samples'].gt_mask)
    assert plain.annotation_seconds() == pytest.approx(2 * (1 + 2 * 2.4))
    few = WeakMasks(photos, 'full', labelled=0.5)
    assert sorted((few[index]['data_samples'].gt_mask == 255).all().item() for index in range(2)) == [False, True]
    assert few[int(few.has_labels.argmin())]['data_samples'].gt_label.tolist() == [-1, -1]


def test_a_crop_without_the_label_does_not_know_the_tag(photos):
    crop = dict(photos, pipeline=[dict(type='RandomCropMap', size=8, most=1.0)])
    dataset = WeakMasks(crop, 'points')
    seen = set()
    for epoch in range(40):
        dataset.set_epoch(epoch)
        sample = dataset[0]['data_samples']
        assert sample.gt_label[0] == 0 and (sample.gt_label[1] == 1) == (sample.gt_mask == 2).any()
        seen.add(sample.gt_label[1].item())
    assert seen <= {1.0, -1.0} and -1.0 in seen


def test_what_cannot_be_made():
    with pytest.raises(ValueError, match="WeakMasks: labels='dots' are unknown; choose one of points"):
        WeakMasks(shapes(), 'dots')
    with pytest.raises(ValueError, match='labelled=0 must be a share of the images above 0'):
        WeakMasks(shapes(), labelled=0)
    with pytest.raises(ValueError, match="WeakMasks: Shapes gives no class maps; set supervision='full'"):
        WeakMasks(shapes(supervision='boxes'))[0]
    maps = _Maps()
    maps.pipeline = [object()]
    with pytest.raises(ValueError, match='_Maps has a pipeline, and labels would be set anew.*annotated photos'):
        WeakMasks(maps)
