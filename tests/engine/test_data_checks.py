"""A training or test looks at its data first."""

import cv2
import numpy as np
import pytest
from tiny_runs import train_here, write_config

from mmwsl.apis import evaluate, load_config

FCN = """
_base_ = 'mmwsl::benchmarks/quick/fcn_voc07.py'
data = dict(type='ClassMaps', images='{root}/photos', maps='{root}/maps', image_suffix='.png', supervision='full')
crop = dict(type='RandomCropMap', size=16, most=1.0)
train_dataloader = dict(batch_size=2, dataset=dict(_delete_=True, **data, pipeline=[crop]))
test_dataloader = dict(
    dataset=dict(_delete_=True, **data, pipeline=[dict(type='RandomScale', size=(16, 16), factors=(1.0, 1.0))]))
train_cfg = dict(max_epochs=1)
"""


@pytest.fixture
def config(tmp_path):
    """Four photos of 16 x 16 pixels with masks of 0 and 255."""
    for kind in ('photos', 'maps'):
        (tmp_path / kind).mkdir()
    mask = np.zeros((16, 16), np.uint8)
    mask[4:12, 4:12] = 255
    for number in range(4):
        cv2.imwrite(str(tmp_path / 'photos' / f'{number}.png'), np.full((16, 16, 3), 90, np.uint8))
        cv2.imwrite(str(tmp_path / 'maps' / f'{number}.png'), mask)
    return write_config(tmp_path, FCN.format(root=tmp_path))


def test_masks_of_0_and_255_stop_a_training(config, tmp_path):
    with pytest.raises(ValueError, match=r'ClassMaps: nothing can be learned .* 255 \(25 %\).*values={255: 1}'):
        train_here(config, tmp_path / 'run')
    assert not list((tmp_path / 'run').glob('*.pth'))
    runner = train_here(config, tmp_path / 'mapped', train_dataloader__dataset__values={255: 1})
    assert runner.epoch == 1


@pytest.mark.parametrize('value, message', [(100, r'100 \(25 %\); classes are 0 to 20'), (None, 'items looked at cannot be used')])
def test_both_stop_where_data_cannot_be_used(config, tmp_path, value, message):
    """A value beyond the network's classes; a map of half the photo's size."""
    mask = np.zeros((8, 8) if value is None else (16, 16), np.uint8)
    mask[4:12, 4:12] = value or 1
    for number in range(4):
        cv2.imwrite(str(tmp_path / 'maps' / f'{number}.png'), mask)
    with pytest.raises(ValueError, match=message):
        train_here(config, tmp_path / 'run')
    cfg = load_config(str(config))
    cfg.work_dir = str(tmp_path / 'test')
    with pytest.raises(ValueError, match=message):
        evaluate(cfg, 'random')
