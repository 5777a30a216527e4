"""Every scene of a set taken apart into a folder, and composed anew from there."""

import numpy as np
import pytest
import torch

from mmwsl.apis.scenes import decompose, decompose_dataset, recomposed_scenes
from mmwsl.cli.program import main
from mmwsl.datasets import DigitScenes, Recomposed
from mmwsl.datasets.readers.scenes.scene_files import read_scene
from mmwsl.models.backbones import UNet
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.scenes import PCNetM

SCENES = dict(num_scenes=2, objects=(2, 2), size=32, digit_scale=(0.5, 0.6), supervision='full')
RECIPE = 'mmwsl::supervised/instances/mask_rcnn_r18w16_1xb8-cos-45e_digitscenes.py'


def test_a_folder_of_scenes_is_each_one_taken_apart(tmp_path):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = PCNetM(UNet(4, in_channels=2), size=16,
                     data_preprocessor=ViewPreprocessor(mean=[120.0] * 3, std=[60.0] * 3))
    scenes = DigitScenes(**SCENES)
    assert decompose_dataset(scenes, tmp_path / 'apart', network) == 2
    for index in range(2):
        item, found = scenes[index], read_scene(tmp_path / 'apart' / f'{index}.npz')
        sample = item['data_samples']
        alone = decompose(item['inputs'].permute(1, 2, 0).numpy(), sample.gt_instance_masks.numpy(), network, grow=1)
        assert np.array_equal(found.shapes, alone.shapes) and np.array_equal(found.contents, alone.contents)
        assert np.array_equal(found.background, alone.background)
        assert found.names == tuple(scenes.classes[label] for label in sample.gt_box_labels)
    assert len(Recomposed(scenes, scenes=tmp_path / 'apart', prob=1.0)[0]['data_samples'].gt_boxes) >= 1
    with pytest.raises(ValueError, match='image 0 of DigitScenes has no masks'):
        decompose_dataset(DigitScenes(**SCENES | dict(supervision='boxes')), tmp_path / 'none', network)


def test_the_set_and_the_folder_come_from_a_config(capsys):
    dataset, folder = recomposed_scenes(RECIPE)
    assert dataset.type == 'DigitScenes' and dataset.split == 'train' and folder is None
    other = 'mmwsl::scenes/pcnet_m/pcnet_m_unet8_1xb64-cos-8e_digitscenes.py'
    with pytest.raises(ValueError, match='its training set is ObjectCrops, not Recomposed'):
        recomposed_scenes(other)
    assert main(['decompose-set', RECIPE, '--shapes', other, 'none.pth']) == 1
    assert 'names no folder of scenes; give --out DIR' in capsys.readouterr().err
