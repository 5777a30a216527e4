"""A detector trained and scored as a user does it, on scenes of digits in VOC's layout."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from tiny_runs import assert_same, log_text, read_state, train_here

from mmwsl.apis import evaluate, load_config, read_records
from mmwsl.cli import main
from mmwsl.datasets import DigitScenes

CONFIG = """
_base_ = 'mmwsl::benchmarks/detection/faster_rcnn_r50c4_8xb2-step-24k_voc0712.py'
classes = [str(digit) for digit in range(10)]
root = '{root}'
model = dict(
    backbone=dict(depth=18, base_channels=8, norm_cfg=dict(type='BN')),
    rpn_head=dict(in_channels=32, sizes=((16, 24, 32, 48),), pre_nms=(100, 100), post_nms=(32, 32)),
    box_head=dict(in_channels=64, num_classes=10, batch=32),
    last_norm_cfg=dict(type='BN'))
pipeline = [dict(type='ResizeShortEdge', short=[64, 80], longest=100), dict(type='RandomFlip')]
train_dataloader = dict(
    batch_size=2, num_workers=0,
    dataset=dict(data_root=root, sets='VOC2007/train', classes=classes, pipeline=pipeline))
test_dataloader = dict(
    num_workers=0, dataset=dict(data_root=root, sets='VOC2007/train', classes=classes,
                                pipeline=[dict(type='ResizeShortEdge', short=64, longest=100)]))
optim_wrapper = dict(dtype='float32', optimizer=dict(lr=0.005))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=3)]
train_cfg = dict(max_iters=7)
auto_scale_lr = dict(base_batch_size=2)
default_hooks = dict(logger=dict(interval=2))
custom_hooks = [dict(type='PreciseBNHook', iterations=3)]
"""


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    """Six photos of digits, in three steps an epoch; the seven steps of the run end in the third epoch."""
    root = tmp_path_factory.mktemp('devkit')
    year = root / 'VOC2007'
    for folder in ('Annotations', 'JPEGImages', 'ImageSets/Main'):
        (year / folder).mkdir(parents=True)
    scenes = DigitScenes(num_scenes=6, size=64, supervision='boxes')
    for number in range(6):
        item = scenes[number]
        cv2.imwrite(str(year / 'JPEGImages' / f'{number}.jpg'), item['inputs'].permute(1, 2, 0).numpy()[..., ::-1])
        left, top, right, bottom = item['data_samples'].gt_boxes[0].int().tolist()
        (year / 'Annotations' / f'{number}.xml').write_text(
            f'<a><object><name>{item["data_samples"].gt_box_labels[0]}</name><difficult>0</difficult><bndbox>'
            f'<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object></a>')
    (year / 'ImageSets' / 'Main' / 'train.txt').write_text('\n'.join(map(str, range(6))))
    path = root / 'tiny.py'
    path.write_text(CONFIG.replace('{root}', str(root)))
    return path


@pytest.mark.slow
def test_train_resume_and_score(config, tmp_path, capsys):
    """An interrupted run goes on and ends as one that was not; its checkpoint is scored from the command line."""
    whole = train_here(config, tmp_path / 'whole')
    assert whole.iter == 7 and whole.epoch == 3
    assert 'million pixels' in log_text(tmp_path / 'whole')
    train_here(config, tmp_path / 'parts', train_cfg__max_iters=3)
    resumed = train_here(config, tmp_path / 'parts', resume=True)
    assert resumed.iter == 7
    assert_same(read_state(tmp_path / 'whole' / 'epoch_3.pth'), read_state(tmp_path / 'parts' / 'epoch_3.pth'))
    capsys.readouterr()
    records = tmp_path / 'records.jsonl'
    assert main(['test', str(config), str(tmp_path / 'whole' / 'epoch_3.pth'), '--out', str(records), '--method', 'mine',
                 '--cfg-options', f'work_dir={tmp_path / "test"}']) == 0
    assert 'voc/AP50:' in capsys.readouterr().out
    found = {record['metric']: record for record in read_records(records)}
    assert set(found) == {f'AP{which}{suffix}' for which in ('', '50', '75') for suffix in ('', '_11points')}
    assert (found['AP50']['method'], found['AP50']['protocol']) == ('mine', 'voc') and 0 <= found['AP50']['value'] <= 100


def test_bad_input(config, tmp_path, capsys):
    assert main(['test', str(config), str(tmp_path / 'none.pth')]) == 1
    assert 'none.pth does not exist' in capsys.readouterr().err
    cfg = load_config('mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py')
    with pytest.raises(ValueError, match='has no test_evaluator'):
        evaluate(cfg, 'random')
    torch.save(dict(state_dict={'backbone.other.weight': torch.ones(1)}), tmp_path / 'other.pth')
    assert main(['test', str(config), str(tmp_path / 'other.pth'), '--cfg-options', f'work_dir={tmp_path / "w"}']) == 1
    assert 'none of its 1 keys fits' in capsys.readouterr().err


def test_lengths_of_a_run(config, tmp_path):
    with pytest.raises(ValueError, match='max_epochs or max_iters'):
        train_here(config, tmp_path, train_cfg__max_epochs=2)


def test_records_say_what_masks_were_given(tmp_path):
    """By the names of the values, and the numbers by the settings."""
    rng = np.random.default_rng(0)
    for number in range(2):
        cv2.imwrite(str(tmp_path / f'{number}.jpg'), rng.integers(0, 255, (24, 32, 3)).astype(np.uint8))
        cv2.imwrite(str(tmp_path / f'{number}.png'), rng.integers(0, 3, (3, 4)).repeat(8, 0).repeat(8, 1).astype(np.uint8))
    data = dict(type='ClassMaps', images=str(tmp_path), maps=str(tmp_path), supervision='full',
                pipeline=[dict(type='RandomScale', size=(32, 24), factors=(1.0, 1.0))])
    cfg = Config(dict(
        default_scope='mmwsl', work_dir=str(tmp_path / 'work'), test_cfg=dict(),
        model=dict(type='FCN', backbone=dict(type='ResNet', depth=18, base_channels=8),
                   head=dict(type='FCNHead', channels=8, num_classes=3, norm_cfg=dict(type='BN')),
                   scales=(0.5, 1.0), flip=True, true_tags=True,
                   data_preprocessor=dict(type='DetectionPreprocessor', mean=[100.0] * 3, std=[50.0] * 3)),
        test_dataloader=dict(batch_size=2, dataset=data, collate_fn=dict(type='collate_list'),
                             sampler=dict(type='DefaultSampler', shuffle=False)),
        test_evaluator=dict(type='IoUMetric', num_classes=3, per_class=True)))
    values = evaluate(cfg, 'random', tmp_path / 'records.jsonl')
    assert {'segmentation/mIoU_tags_ms_flip', 'segmentation/IoU_tags_ms_flip/1'} <= set(values)
    records = {record['metric']: record for record in read_records(tmp_path / 'records.jsonl')}
    assert records['IoU_tags_ms_flip/1']['protocol'] == 'segmentation'
    assert records['mIoU_tags_ms_flip']['settings'] == dict(
        checkpoint='random', inference=dict(scales=[0.5, 1.0], flip=True, true_tags=True, crf=None))
