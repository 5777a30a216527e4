"""The configs of ILSVRC, CUB and OpenImages30k: one training step and one prediction each, on small pictures."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmwsl.apis import load_config
from mmwsl.datasets import collate_batch
from mmwsl.registry import DATASETS, METRICS, MODELS, PARAM_SCHEDULERS
from mmwsl.structures import DataSample, stack_samples

CASES = [  # config, size of the map that is shown, of pictures of 64 pixels
    ('hide_and_seek/hide_and_seek_alexnet_1xb128-step-55e_ilsvrc', 3),
    ('hide_and_seek/hide_and_seek_googlenet_1xb128-step-40e_ilsvrc', 4),
    ('acol/acol_vgg16_2xb10-const-60e_cub', 4),
    ('adl/adl_r50_1xb32-step-50e_cub', 8),
    ('cam/cam_inceptionv3_1xb32-step-10e_openimages', 8),
    ('spg/spg_inceptionv3_2xb10-const-5e_ilsvrc', 8),
]


def built(name):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    init_default_scope('mmwsl')
    cfg = load_config(f'mmwsl::weaksup/{name}.py')
    return cfg, MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))


@pytest.mark.long
@pytest.mark.parametrize('name, side', CASES)
def test_one_step_and_one_prediction(name, side):
    cfg, model = built(name)
    labels = torch.tensor([3, 77])
    images = torch.randint(256, (2, 3, 64, 64), dtype=torch.uint8)
    data = model.data_preprocessor(dict(inputs=images, data_samples=DataSample(gt_label=labels)), training=True)
    losses = model(**data, mode='loss')
    total = sum(value for key, value in losses.items() if key.startswith('loss'))
    total.backward()
    assert torch.isfinite(total) and 'accuracy' in losses
    assert len([key for key in losses if key.startswith('loss')]) == dict(acol=2, spg=4).get(name.split('/')[0], 1)
    first = next(model.backbone.parameters()).grad
    assert first.abs().sum() > 0 and torch.isfinite(first).all()
    assert all(value.grad is not None for value in model.parameters())  # else several GPUs wait for what never comes

    model.eval()
    data = model.data_preprocessor(dict(inputs=images, data_samples=DataSample(gt_label=labels)))
    with torch.no_grad():
        assert model.head.class_maps(model.backbone(data['inputs']), labels).shape[2:] == (side, side)
    sample = stack_samples(model(**data, mode='predict'))
    assert sample.pred_maps.shape == (2, 6, 64, 64) and sample.pred_map_labels[:, -1].tolist() == [3, 77]
    assert sample.pred_maps.min() >= 0 and sample.pred_maps.max() == 1


def test_the_table_of_the_hide_and_seek_authors():
    """Learning rate and weight decay of every epoch, counted from 1."""
    cfg, model = built('hide_and_seek/hide_and_seek_alexnet_1xb128-step-55e_ilsvrc')
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    schedulers = [PARAM_SCHEDULERS.build(dict(each, optimizer=wrapper)) for each in cfg.param_scheduler]
    found = []
    for _ in range(55):
        group = wrapper.param_groups[0]
        found.append((group['lr'], group['weight_decay']))
        wrapper.optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    rows = [(1, 18, 1e-2, 5e-4), (19, 29, 5e-3, 5e-4), (30, 43, 1e-3, 0), (44, 52, 5e-4, 0), (53, 55, 1e-4, 0)]
    for start, end, rate, decay in rows:
        assert all(each == (pytest.approx(rate), pytest.approx(decay)) for each in found[start - 1:end]), (start, end)
    views = model.data_preprocessor.views
    assert views[0][0].patch_sizes == (0, 16, 32, 44, 56) and views[0][0].hide_prob == 0.5


@pytest.mark.parametrize('name, fast', [
    ('cam/cam_r50_1xb32-step-50e_cub', ('head', 'backbone.layer4')), ('cam/cam_vgg16_1xb32-step-50e_cub', ('head',))])
def test_heads_learn_ten_times_as_fast(name, fast):
    cfg, model = built(name)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    rates = {id(value): group['lr'] for group in wrapper.param_groups for value in group['params']}
    for key, value in model.named_parameters():
        factor = 10 if key.startswith(fast) else 1
        assert rates[id(value)] == pytest.approx(cfg.optim_wrapper.optimizer.lr * factor), key


def test_from_files_to_figures(tmp_path):
    """OpenImages30k as its config reads, shows and scores it: no boxes, so pixels alone."""
    for number in range(2):
        cv2.imwrite(str(tmp_path / f'{number}.jpg'), np.random.default_rng(number).integers(256, size=(50, 70, 3)))
        mask = np.zeros((50, 70), np.uint8)
        mask[:, :30] = 255
        cv2.imwrite(str(tmp_path / f'{number}_mask.png'), mask)
    (tmp_path / 'image_ids.txt').write_text('0.jpg\n1.jpg\n')
    (tmp_path / 'class_labels.txt').write_text('0.jpg,0\n1.jpg,99\n')
    (tmp_path / 'localization.txt').write_text('0.jpg,0_mask.png,\n1.jpg,1_mask.png,0_mask.png\n')
    cfg, model = built('cam/cam_vgg16_1xb32-step-10e_openimages')
    data = DATASETS.build(dict(cfg.test_dataloader.dataset, data_root=tmp_path, metadata=tmp_path,
                               pipeline=[dict(type='ResizeToSquare', size=64)]))
    assert len(data.classes) == model.num_classes == 100
    batch = model.eval().data_preprocessor(collate_batch(data.__getitems__([0, 1])))
    metric = METRICS.build(cfg.test_evaluator)
    with torch.no_grad():
        metric.process(None, [sample.to_dict() for sample in model(**batch, mode='predict')])
    figures = metric.evaluate(2)
    assert set(figures) == {f'localization/{name}' for name in ('top1_cls', 'top5_cls', 'pixel_ap')}
    assert 0 < figures['localization/pixel_ap'] < 100
