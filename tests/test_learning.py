"""That pre-training teaches something, seen from outside: a shipped recipe cut short beats its untrained network."""

import pytest
from tiny_runs import train_here

from mmwsl.apis import benchmark, load_config


def figures(config, options, checkpoint, protocols):
    cfg = load_config(config, options)
    return {record['metric']: record['value'] for record in benchmark(cfg, checkpoint, protocols)}


@pytest.mark.slow
@pytest.mark.long
def test_rotation_on_built_in_scenes(tmp_path):
    """A fifth of the quickstart. Fails if views, loss, optimiser, checkpoint, features or protocol are broken."""
    config = 'mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py'
    train_here(config, tmp_path, train_cfg__max_epochs=1, param_scheduler=[])
    checkpoint = tmp_path / 'epoch_1.pth'
    random, trained = (figures(config, {}, which, ['knn', 'linear']) for which in ('random', checkpoint))
    assert random['linear_top1'] < 30  # ten classes; the scenes are hard for an untrained network
    assert trained['linear_top1'] > random['linear_top1'] + 10
    assert trained['knn20_top1'] > random['knn20_top1'] + 5


@pytest.mark.slow
@pytest.mark.long
def test_simclr_on_cifar10(tmp_path, cifar10_root):
    """Ninety steps of the small recipe on real images."""
    config = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'
    data = {'train_dataloader.dataset.data_root': str(cifar10_root), 'benchmark.train.data_root': str(cifar10_root),
            'benchmark.test.data_root': str(cifar10_root), 'benchmark.train.max_images': 5000,
            'benchmark.test.max_images': 2000}
    train_here(config, tmp_path, train_cfg__max_epochs=3, train_dataloader__dataset__max_images=7680, param_scheduler=[],
               **{key.replace('.', '__'): value for key, value in data.items()})
    random, trained = (figures(config, data, which, ['knn']) for which in ('random', tmp_path / 'epoch_3.pth'))
    assert trained['knn20_top1'] > random['knn20_top1'] + 2
