import pytest
import torch
from tiny_runs import log_text, read_state, train_here, write_config

from mmwsl.engine.hooks.precise_bn import PreciseBNHook

FINETUNE = """
_base_ = 'mmwsl::benchmarks/finetune/finetune_quick_r18w16_1xb256-cos-3e_cifar10.py'
digits = dict(type='Digits', size=16)
model = dict(backbone=dict(base_channels=4, frozen_stages={frozen}))
data_preprocessor = dict(views=[[]])
train_dataloader = dict(batch_size=32, dataset=dict(_delete_=True, **digits, split='train', max_images=128))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=1)
param_scheduler = None
auto_scale_lr = dict(base_batch_size=32)
custom_hooks = [{hook}]
"""


def trained(folder, hook="dict(type='PreciseBNHook', iterations=8)", frozen=-1):
    folder.mkdir()
    config = write_config(folder, FINETUNE.replace('{hook}', hook).replace('{frozen}', str(frozen)))
    runner = train_here(config, folder / 'run')
    return runner, read_state(folder / 'run' / 'epoch_1.pth')['state_dict']


def test_statistics_are_the_mean_over_the_batches(tmp_path):
    """Eight batches are two passes over the 128 images, so the mean of the first layer's input to the norm is the one
    over all of them; the weights are those that training left, and the checkpoint has the new statistics."""
    runner, state = trained(tmp_path / 'a')
    plain = trained(tmp_path / 'b', '')[1]
    moved = {key for key in state if not torch.equal(state[key], plain[key])}
    assert moved and all(key.endswith(('running_mean', 'running_var')) for key in moved)

    model, batches = runner.model.eval(), []
    for batch in runner.train_dataloader:
        image = model.data_preprocessor(batch, training=True)['inputs'][0]
        batches.append(model.backbone.conv1(image))
    maps = torch.cat(batches)
    assert torch.allclose(state['backbone.bn1.running_mean'], maps.mean((0, 2, 3)), atol=1e-5)
    means = torch.stack([part.var((0, 2, 3)) for part in maps.split(32)])
    assert torch.allclose(state['backbone.bn1.running_var'], means.mean(0), rtol=0.05)  # other batches, the same images
    assert model.backbone.bn1.momentum == 0.1
    assert 'taken anew from 8 batches' in log_text(tmp_path / 'a' / 'run')


def test_frozen_layers_stay(tmp_path):
    state = trained(tmp_path / 'a', frozen=4)[1]
    assert torch.equal(state['backbone.bn1.running_mean'], torch.zeros(4))


def test_bad_input():
    with pytest.raises(ValueError, match='iterations=0'):
        PreciseBNHook(0)
