"""PSA and IRN as runs: a resumed one is an uninterrupted one, and the four steps with a walk between."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_runs import assert_same, read_state, train_here

from mmwsl.apis import four_steps
from mmwsl.apis.pseudo_masks.make_maps import preprocessed
from mmwsl.datasets.readers.map_files import read_maps, write_mask
from mmwsl.models.weak import AffinityNet

TINY = """
_base_ = 'mmwsl::weaksup/segmentation/{method}_r18w16_1xb32-cos-12e_digitscenes.py'
model = dict(backbone=dict(base_channels=8))
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=[dict(type='RandomFlip', prob=0.5)]))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=4)
"""
METHODS = dict(psa='psa/psa', irn='irn/irn')


@pytest.mark.parametrize('method', METHODS)
def test_resumed_run_is_an_uninterrupted_one(method, tmp_path):
    """Also the mean displacement, which is a buffer, and the flips of the pipeline."""
    for index in range(8):
        pixels = np.random.default_rng(index).integers(256, size=(32, 32, 3), dtype=np.uint8)
        mask = np.zeros((32, 32), np.uint8)
        mask[8:24, 6:20], mask[10:20, 8:18] = 255, index % 3 + 1
        for folder in ('images', 'masks'):
            (tmp_path / 'labels' / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / 'labels' / 'images' / f'{index}.png')
        write_mask(tmp_path / 'labels' / 'masks' / f'{index}.png', mask)
    config = tmp_path / 'tiny.py'
    config.write_text(TINY.format(method=METHODS[method]))
    options = dict(train_dataloader__dataset__images=str(tmp_path / 'labels' / 'images'),
                   train_dataloader__dataset__maps=str(tmp_path / 'labels' / 'masks'))
    train_here(config, tmp_path / 'whole', **options)
    (tmp_path / 'resumed').mkdir()
    shutil.copy(tmp_path / 'whole' / 'epoch_1.pth', tmp_path / 'resumed')
    train_here(config, tmp_path / 'resumed', resume=True, **options)
    whole = read_state(tmp_path / 'whole' / 'epoch_2.pth')
    assert_same(whole, read_state(tmp_path / 'resumed' / 'epoch_2.pth'))
    if method == 'irn':
        first = read_state(tmp_path / 'whole' / 'epoch_1.pth')['state_dict']['mean_displacement']
        assert not first.equal(whole['state_dict']['mean_displacement']) and first.abs().min() > 0


def test_photos_are_stretched_to_whole_strides():
    """The preprocessor of models for pixels would pad them, and class maps would not fit any more."""
    model = AffinityNet(
        dict(type='ResNet', depth=18, base_channels=8, out_indices=(1, 2, 3)), channels=(4, 4, 8),
        data_preprocessor=dict(type='DetectionPreprocessor', mean=[10, 20, 30], std=[2, 2, 2], divisor=8))
    pixels = torch.full((3, 30, 45), 100, dtype=torch.uint8)
    images = preprocessed(model, pixels, None, torch.device('cpu'))
    assert images.shape == (1, 3, 32, 48)
    torch.testing.assert_close(images.amin((2, 3)), torch.tensor([[45.0, 40, 35]]))
    torch.testing.assert_close(images.amax((2, 3)), torch.tensor([[45.0, 40, 35]]))
    assert preprocessed(model, pixels, 22, torch.device('cpu')).shape == (1, 3, 16, 24)


@pytest.mark.long
@pytest.mark.parametrize('method', METHODS)
def test_four_steps_with_a_walk(method, tmp_path):
    """Maps, pair labels, a model from the classifier's backbone, walked maps, masks: all there, and scored."""
    options = {
        'photos.0.num_scenes': 16, 'ceiling': False, 'final': None, 'masks.refiner': None,
        'affinity.masks.refiner': None, 'affinity.masks.threshold': 0.02,  # so short a training is sure of nothing
        'classifier.options': {'train_dataloader.dataset.num_scenes': 128, 'train_cfg.max_epochs': 1},
        'affinity.options': {'train_dataloader.batch_size': 8, 'train_cfg.max_epochs': 1},
        'segmentor.options': {'train_dataloader.batch_size': 8, 'train_cfg.max_epochs': 1,
                              'test_dataloader.dataset.num_scenes': 8},
    }
    config = f'mmwsl::weaksup/segmentation/four_step/four_step_{method}_r18w16_digitscenes.py'
    table = four_steps(config, tmp_path / 'steps', options=options)
    for stage in ('maps', 'propagated_maps'):
        files = sorted((tmp_path / 'steps' / stage).glob('*.npz'))
        assert len(files) == 16
    before, after = ([read_maps(tmp_path / 'steps' / stage / file.name) for file in files]
                     for stage in ('maps', 'propagated_maps'))
    for first, then in zip(before, after, strict=True):
        assert first['classes'].tolist() == then['classes'].tolist()
        assert then['maps'].shape[1:] == (32, 32) and 0 <= then['maps'].min() <= then['maps'].max() <= 1
    assert max(each['maps'].max() for each in after) > 0
    assert json.loads((tmp_path / 'steps' / 'affinity' / 'step.json').read_text())['done'] is True
    assert 'random walk' in table and method in table
