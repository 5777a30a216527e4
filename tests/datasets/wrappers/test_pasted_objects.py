"""Objects pasted upon one another: what is hidden is known, and is what was laid over it."""

import numpy as np
import pytest
import torch

from mmwsl.datasets.readers import COCO
from mmwsl.datasets.wrappers import ObjectCrops, PastedObjects
from mmwsl.structures import DataSample


class Photos:
    """Four photos, each of one color with an ellipse of another; photo 3 has a crowd and an object at its border, too."""

    metainfo, supervision = dict(classes=['a', 'b']), 'full'

    def __len__(self):
        return 4

    def __getitem__(self, index):
        rows, columns = torch.meshgrid(torch.arange(60), torch.arange(80), indexing='ij')
        masks = [(rows - 30)**2 / 15**2 + (columns - 40)**2 / (10 + 4 * index)**2 <= 1]
        if index == 3:
            masks += [rows < 20, (rows > 40) & (rows < 58) & (columns > 4) & (columns < 70)]
        image = torch.full((3, 60, 80), 10 * index, dtype=torch.uint8)
        image[:, masks[0]] = 100 + 10 * index
        return dict(inputs=image, data_samples=DataSample(
            gt_instance_masks=torch.stack(masks), gt_box_labels=torch.tensor([index % 2, 0, 1][:len(masks)]),
            gt_difficult=torch.tensor([False, False, True][:len(masks)])))


def test_whole_shapes_are_covered_as_they_were_pasted():
    scenes = PastedObjects(Photos(), num_scenes=30, size=80, objects=(2, 4), cover=(0.1, 0.6), seed=3)
    assert [(each.photo, each.label) for each in scenes.cut_out] == [(0, 0), (1, 1), (2, 0), (3, 1)]
    hidden = []
    for index in range(30):
        item = scenes[index]
        sample = item['data_samples']
        whole, visible = sample.gt_amodal_masks, sample.gt_instance_masks
        assert 2 <= len(whole) <= 4 and sample.gt_order.tolist() == list(range(len(whole)))
        for number in range(len(whole)):
            assert torch.equal(visible[number], whole[number] & ~whole[number + 1:].any(0))
            assert item['inputs'][:, visible[number]].median() >= 90  # pixels of an object, not of a photo around it
        share = visible.sum((1, 2)) / whole.sum((1, 2))
        assert share.min() >= 0.1 and share[-1] == 1
        hidden.append(1 - share[0].item())
        again = scenes[index]
        assert torch.equal(again['inputs'], item['inputs']) and torch.equal(again['data_samples'].gt_amodal_masks, whole)
    assert max(hidden) > 0.2
    assert not torch.equal(PastedObjects(Photos(), 30, 80, (2, 4), seed=4)[0]['inputs'], scenes[0]['inputs'])
    with pytest.raises(IndexError, match='30 images'):
        scenes[30]


def test_squares_of_them_and_what_supervision_hides():
    scenes = PastedObjects(Photos(), num_scenes=5, size=80, supervision='boxes')
    sample = scenes[0]['data_samples']
    assert 'gt_boxes' in sample and 'gt_instance_masks' not in sample and 'gt_order' not in sample
    crops = ObjectCrops(PastedObjects(Photos(), num_scenes=5, size=80), size=24, amodal=True, in_memory=True)
    batch = crops.__getitems__(range(len(crops)))['data_samples']
    assert (batch.gt_amodal_masks >= batch.gt_instance_masks).all() and (batch.gt_amodal_masks & ~batch.gt_instance_masks).any()


def test_what_cannot_be_used():
    with pytest.raises(ValueError, match='smallest first'):
        PastedObjects(Photos(), cover=(0.5, 0.2))
    with pytest.raises(ValueError, match='at least'):
        PastedObjects(Photos(), objects=(1, 2))
    with pytest.raises(ValueError, match='fewer than two of 4 photos'):
        PastedObjects(Photos(), min_pixels=100000)

    class Empty(Photos):
        def __getitem__(self, index):
            return dict(inputs=super().__getitem__(index)['inputs'], data_samples=DataSample())

    with pytest.raises(ValueError, match='fewer than two of 4 photos'):
        PastedObjects(Empty())


@pytest.mark.slow
def test_objects_of_coco(coco_root):
    photos = COCO(coco_root / 'annotations/instances_val2017.json', coco_root / 'val2017', supervision='full')
    scenes = PastedObjects(photos, num_scenes=20, size=96)
    assert len({each.photo for each in scenes.cut_out}) > 50
    shares = []
    for index in range(20):
        sample = scenes[index]['data_samples']
        assert max(scenes[index]['inputs'].shape) == 96
        shares += (sample.gt_instance_masks.sum((1, 2)) / sample.gt_amodal_masks.sum((1, 2))).tolist()
    assert 0.2 < np.mean(np.array(shares) < 0.95) < 0.8
