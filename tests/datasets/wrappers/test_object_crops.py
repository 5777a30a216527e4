"""Squares around objects: what is in them, and that nothing hidden is handed over unasked."""

import pytest
import torch

from mmwsl.datasets import DigitScenes
from mmwsl.datasets.wrappers import ObjectCrops

SCENES = dict(num_scenes=5, objects=(2, 3), size=48, digit_scale=(0.45, 0.6), kind='compound', supervision='full')


@pytest.mark.parametrize('amodal', [False, True])
def test_the_same_in_memory_and_not(amodal):
    scenes = DigitScenes(**SCENES, content=True)
    made, kept = (ObjectCrops(scenes, size=20, amodal=amodal, in_memory=in_memory) for in_memory in (False, True))
    assert len(made) == len(kept) == sum(len(scenes[i]['data_samples'].gt_order) for i in range(5))
    batch = kept.__getitems__(range(len(kept)))
    for index in range(len(made)):
        first, second = made[index], kept[index]
        assert torch.equal(first['inputs'], second['inputs']) and torch.equal(batch['inputs'][index], first['inputs'])
        fields = set(first['data_samples'].keys())
        assert fields == set(second['data_samples'].keys()) == set(batch['data_samples'].keys())
        hidden = {'gt_amodal_masks', 'gt_contents'}
        assert fields & hidden == (hidden if amodal else set())
        for key in fields:
            assert torch.equal(first['data_samples'].get(key), second['data_samples'].get(key)), key
        assert first['data_samples'].index == index


def test_the_object_is_in_the_middle():
    """Its box has the square's center, and the side that the margin says; others are apart from it."""
    crops = ObjectCrops(DigitScenes(**SCENES), size=60, margin=1.5, enlarge=3.0, amodal=True)
    for index in range(len(crops)):
        sample = crops[index]['data_samples']
        rows, columns = sample.gt_instance_masks[0].nonzero().T
        assert abs((rows.min() + rows.max() + 1) / 2 - 30) <= 1 and abs((columns.min() + columns.max() + 1) / 2 - 30) <= 1
        assert not (sample.gt_instance_masks & sample.gt_other_masks).any()
        assert (sample.gt_amodal_masks >= sample.gt_instance_masks).all()
        width, height = columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()
        side = max((3 * width * height)**0.5, 1.1 * width, 1.1 * height)
        assert 60 / side == pytest.approx(1.5, rel=0.08)


def test_few_pixels_and_few_objects():
    scenes = DigitScenes(**SCENES)
    areas = sorted(int(area) for i in range(5) for area in scenes[i]['data_samples'].gt_instance_masks.sum((1, 2)))
    crops = ObjectCrops(scenes, size=16, min_pixels=areas[3])
    assert len(crops) == sum(area >= areas[3] for area in areas)
    assert len(ObjectCrops(scenes, size=16, max_images=4)) == 4
    with pytest.raises(ValueError, match='none of 5 images'):
        ObjectCrops(scenes, size=16, min_pixels=10**6)
    with pytest.raises(ValueError, match="supervision='full'"):
        ObjectCrops(DigitScenes(**dict(SCENES, supervision='image')), size=16)
