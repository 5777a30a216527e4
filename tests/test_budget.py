"""The methods of the equal suite are given the same number of pixels."""

import pytest
import torch
from mmengine.registry import init_default_scope

from mmwsl.apis import load_config
from mmwsl.engine.hooks import PixelCountHook
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

SUITE = load_config('mmwsl::suites/selfsup_cifar10_equal.py')
RUNS = {run.method: run.config for run in SUITE.runs if 'checkpoint' not in run}
IMAGES, SIDE, BATCH = 50_000, 32, 32
BUDGET = 10 * (IMAGES // 256 * 256) * 2 * SIDE**2  # ten epochs of SimCLR


def test_the_suite_has_every_method():
    assert {run.method for run in SUITE.runs} >= {
        'random', 'random_rescaled', 'supervised', 'rotation', 'jigsaw', 'relative_location', 'colorization',
        'inpainting', 'counting', 'cpc', 'split_brain', 'npid', 'deepcluster', 'odc', 'swav', 'dino', 'moco_v1',
        'moco_v2', 'moco_v3', 'simclr', 'byol', 'simsiam', 'barlow_twins', 'vicreg', 'densecl', 'mae', 'simmim'}


@pytest.mark.parametrize('method', RUNS)
def test_pixels_through_the_backbones(method):
    """Counted in one step of the recipe's own views and model by the hook that counts in training."""
    torch.set_num_threads(1)
    init_default_scope('mmwsl')
    cfg = load_config(RUNS[method])
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))
    counter = PixelCountHook()
    counter._pixels = 0
    for encoder in model.encoders():
        encoder.register_forward_pre_hook(counter._count, with_kwargs=True)
    for name, buffer in model.named_buffers():
        if name.endswith('labels'):
            buffer.zero_()  # as if a clustering had given them
    samples = DataSample(index=torch.arange(BATCH), gt_label=torch.arange(BATCH) % 10)
    images = torch.randint(256, (BATCH, 3, SIDE, SIDE), dtype=torch.uint8)
    views = model.data_preprocessor(dict(inputs=images, data_samples=samples), training=True)
    with torch.no_grad():
        model(views['inputs'], views['data_samples'], mode='loss')
    batch, epochs = cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs
    total = counter._pixels / BATCH * (IMAGES // batch * batch) * epochs
    for hook in cfg.get('custom_hooks', []):
        if hook.type == 'ClusteringHook':
            passes = 1 if hook.get('every', 1) is None else -(-epochs // hook.get('every', 1))
            total += passes * IMAGES * SIDE**2
    assert total == pytest.approx(BUDGET, rel=0.07), f'{total / 1e6:,.0f} million pixels, not {BUDGET / 1e6:,.0f}'
