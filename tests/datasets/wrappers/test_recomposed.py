"""Scenes composed anew of a set's own parts."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import DigitScenes, Recomposed
from mmwsl.datasets.readers.scenes.scene_files import write_scene
from mmwsl.ops.occlusion.layers import SceneLayers
from mmwsl.ops.occlusion.order import overlap_order

SCENES = dict(num_scenes=6, objects=(2, 3), size=48, digit_scale=(0.4, 0.6), supervision='full')


def apart(folder, scenes):
    """The scenes' true layers as files."""
    for index in range(len(scenes)):
        sample = scenes[index]['data_samples']
        shapes = sample.gt_amodal_masks.numpy()
        contents = np.ascontiguousarray(sample.gt_contents.permute(0, 2, 3, 1).numpy())
        write_scene(folder / f'{index}.npz', SceneLayers(
            np.ascontiguousarray(sample.gt_background.permute(1, 2, 0).numpy()), contents, shapes,
            overlap_order(sample.gt_instance_masks.numpy(), shapes), ('digit',) * len(shapes)))


def test_unchanged_scenes_have_the_boxes_of_what_is_seen():
    scenes, same = DigitScenes(**SCENES), Recomposed(dict(type='DigitScenes', **SCENES), prob=0.0, min_pixels=1)
    assert len(same) == 6 and same.metainfo == scenes.metainfo
    for index in range(6):
        true, item = scenes[index], same[index]
        masks = true['data_samples'].gt_instance_masks
        assert torch.equal(item['inputs'], true['inputs'])
        sample = item['data_samples']
        assert torch.equal(sample.gt_instance_masks, masks[masks.any(2).any(1)])
        for mask, box in zip(sample.gt_instance_masks, sample.gt_boxes, strict=True):
            rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert sample.gt_difficult.tolist() == [False] * len(sample.gt_boxes)


def test_scenes_composed_anew_consist_of_the_sets_own_parts():
    """Where neither old nor new objects are, pixels are the scene's; no pixel belongs to two."""
    scenes = DigitScenes(**SCENES)
    changed = Recomposed(DigitScenes(**SCENES), prob=1.0, objects=(1, 3), min_pixels=1)
    counts = []
    for index in range(6):
        image, sample = changed[index]['inputs'], changed[index]['data_samples']
        covered = sample.gt_instance_masks.any(0)
        assert sample.gt_instance_masks.sum(0).max() == 1
        true = scenes[index]
        seen = cv2.dilate(true['data_samples'].gt_instance_masks.any(0).numpy().astype(np.uint8), np.ones((3, 3))) > 0
        free = ~covered & ~torch.from_numpy(seen)
        assert torch.equal(image[:, free], true['inputs'][:, free]) and free.any()
        counts.append(len(sample.gt_boxes))
    assert set(counts) <= {1, 2, 3} and len(set(counts)) > 1


def test_whole_objects_of_files(tmp_path):
    scenes = DigitScenes(content=True, **SCENES)
    apart(tmp_path, scenes)
    changed = Recomposed(DigitScenes(**SCENES), prob=1.0, objects=(1, 1), scenes=str(tmp_path), min_pixels=1)
    whole = {}
    for index in range(6):
        sample = scenes[index]['data_samples']
        for label, mask in zip(sample.gt_box_labels.tolist(), sample.gt_amodal_masks, strict=True):
            whole.setdefault(label, []).append(int(mask.sum()))
    for index in range(6):
        image, sample = changed[index]['inputs'], changed[index]['data_samples']
        mask = sample.gt_instance_masks[0]
        assert int(mask.sum()) in whole[int(sample.gt_box_labels[0])]  # nothing hides it, and nothing of it is missing
        background = scenes[index]['data_samples'].gt_background
        assert torch.equal(image[:, ~mask], background[:, ~mask])
    (tmp_path / '3.npz').unlink()
    with pytest.raises(FileNotFoundError, match='none does not exist; `mmwsl decompose-set` writes it'):
        Recomposed(DigitScenes(**SCENES), scenes=str(tmp_path / 'none'))
    with pytest.raises(FileNotFoundError, match='3.npz'):
        Recomposed(DigitScenes(**SCENES), scenes=str(tmp_path))
    (tmp_path / '0.npz').rename(tmp_path / '3.npz')
    apart(tmp_path, DigitScenes(content=True, **SCENES | dict(size=40)))
    with pytest.raises(ValueError, match='40 x 40 pixels, its image .* on 48 x 48; take this set apart again'):
        Recomposed(DigitScenes(**SCENES), scenes=str(tmp_path))


def test_seed_epoch_and_number_decide():
    def images(seed, epoch, order=range(6)):
        data = Recomposed(DigitScenes(**SCENES), prob=0.7)
        data.set_seed(seed)
        data.set_epoch(epoch)
        found = {index: data[index]['inputs'] for index in order}
        return torch.stack([found[index] for index in range(6)])

    first = images(0, 0)
    assert torch.equal(first, images(0, 0, reversed(range(6))))
    assert not torch.equal(first, images(0, 1)) and not torch.equal(first, images(1, 0))
    plain = DigitScenes(**SCENES)
    same = [torch.equal(first[index], plain[index]['inputs']) for index in range(6)]
    assert set(same) == {True, False}


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match='prob=1.5 must be from 0 to 1'):
        Recomposed(DigitScenes(**SCENES), prob=1.5)
    with pytest.raises(ValueError, match="image 0 of DigitScenes has no masks; .*supervision='full'"):
        Recomposed(DigitScenes(**SCENES | dict(supervision='boxes')))
    with pytest.raises(ValueError, match='none of 6 images of DigitScenes has an object of min_pixels=4000'):
        Recomposed(DigitScenes(**SCENES), min_pixels=4000)
