import contextlib
import logging
import random
import re
import types

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer, MessageHub
from tiny_runs import MOCO, SIMCLR, log_text, train_here, write_config

from mmwsl.engine.hooks import (
    FreezeHook,
    IterationSeedHook,
    OptimizerStepHook,
    PixelCountHook,
    SyncFreeInfoHook,
    check_classes,
)
from mmwsl.models.pretext import MoCo, SimCLR


def draws(**place):
    runner = types.SimpleNamespace(**place)
    IterationSeedHook().before_train_iter(runner, 0)
    return torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()


def test_same_place_same_draws():
    first = draws(seed=0, iter=7, rank=1)
    torch.rand(5)  # whatever came before does not matter
    np.random.rand(5)
    assert draws(seed=0, iter=7, rank=1) == first
    others = [draws(seed=1, iter=7, rank=1), draws(seed=0, iter=8, rank=1), draws(seed=0, iter=7, rank=0),
              draws(seed=7, iter=0, rank=1)]
    for other in others:
        for mine, its in zip(first, other, strict=True):
            assert mine != its


def test_views_of_a_run_follow_seed_and_iteration(tmp_path):
    """Two runs see the same views step by step; another seed sees others."""
    seen = {}

    def record(name):
        class Record(Hook):
            priority = 'LOWEST'

            def before_train_iter(self, runner, batch_idx, data_batch=None):
                seen.setdefault(name, []).append(torch.rand(2).tolist())

        return Record()

    config = write_config(tmp_path)
    for name, seed in (('a', 0), ('b', 0), ('c', 1)):
        with hooked(record(name)):
            train_here(config, tmp_path / name, randomness__seed=seed, train_cfg__max_epochs=1,
                       train_dataloader__dataset__max_images=128)
    assert seen['a'] == seen['b']
    assert all(mine != other for mine, other in zip(seen['a'], seen['c'], strict=True))
    assert len({tuple(row) for row in seen['a']}) == 4


@contextlib.contextmanager
def hooked(*hooks):
    """Every Runner built inside has these hooks too."""
    from mmwsl.engine import Runner
    original = Runner.register_hooks

    def register(self, *configured):
        original(self, *configured)
        for hook in hooks:
            self.register_hook(hook)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, 'register_hooks', register)
        yield


def nan_from(model, step):
    """A loss that turns NaN at the given step, counted from 1."""
    original, count = model.loss, [0]

    def loss(self, views, data_samples=None):
        count[0] += 1
        losses = original(self, views, data_samples)
        return dict(losses, loss=losses['loss'] * (float('nan') if count[0] >= step else 1.0))

    return loss


@pytest.mark.parametrize('extra, step, kept', [
    ('', 14, ['epoch_1.pth']),
    # seen first by the flush that goes before a checkpoint, not at a log line
    ("default_hooks.update(checkpoint=dict(by_epoch=False, interval=4), logger=dict(interval=50))\n", 7, ['iter_4.pth']),
])
def test_nan_stops_the_run(tmp_path, monkeypatch, extra, step, kept):
    monkeypatch.setattr(SimCLR, 'loss', nan_from(SimCLR, step))
    with pytest.raises(FloatingPointError, match=rf'loss is nan at iteration {step} of 20 \(epoch {1 + (step > 10)}\); '
                       'training stops and no checkpoint of it is kept'):
        train_here(write_config(tmp_path, SIMCLR, extra), tmp_path / 'run')
    assert sorted(path.name for path in (tmp_path / 'run').glob('*.pth')) == kept


def test_log_line(tmp_path):
    train_here(write_config(tmp_path), tmp_path / 'run')
    log = log_text(tmp_path / 'run')
    assert '320 images, 1 ranks x 32 per step: 10 steps an epoch, 20 steps in all' in log
    lines = [line for line in log.splitlines() if 'Epoch(train)' in line]
    assert [re.search(r'\[(\d+)\]\[ *(\d+)/10\]', line).groups() for line in lines] == [
        (epoch, step) for epoch in '12' for step in ('3', '6', '9')]
    for line in lines:
        values = dict(re.findall(r'(\w+): ([\d:.e+-]+)', line))
        assert float(values['images_per_second']) > 0
        assert 0 <= float(values['data_wait']) <= 100
        assert 0 < float(values['embedding_std']) < 1.5  # times the square root of the width: 1 for spread embeddings
        assert re.fullmatch(r'\d+:\d\d:\d\d', values['eta'])
        assert 3 < float(values['loss']) < 4.5  # log(63) = 4.14 for 64 views of which none is known


def test_history_holds_every_step(tmp_path):
    """What was gathered between log lines is all there, in order, and equals the losses the model returned."""
    returned = []

    class Losses(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            returned.append(outputs['loss'].item())

    with hooked(Losses()):
        runner = train_here(write_config(tmp_path), tmp_path / 'run')
    assert runner.message_hub.get_scalar('train/loss').data[0].tolist() == pytest.approx(returned, rel=1e-6)
    assert len(returned) == 20


class Loader(list):
    batch_size, dataset = 8, range(100)


def stand_in(name, steps, world_size=1):
    """What the hook asks of a Runner, for one epoch of ``steps``."""
    return types.SimpleNamespace(model=None, val_loop=None, iter=0, epoch=0, max_iters=steps, max_epochs=1,
                                 world_size=world_size, hooks=[], message_hub=MessageHub.get_instance(name),
                                 train_dataloader=Loader(range(steps)), logger=logging.getLogger(name))


def test_images_per_second_and_data_wait_are_what_the_clock_says(monkeypatch):
    """Steps of 2 s with 0.5 s of waiting, 3 steps a line, 8 images a step on 2 ranks."""
    clock = [100.0]
    monkeypatch.setattr('mmwsl.engine.hooks.runtime_info.time', types.SimpleNamespace(perf_counter=lambda: clock[0]))
    runner = stand_in('test_clock', steps=6, world_size=2)
    hub = runner.message_hub
    hook = SyncFreeInfoHook()
    hook.before_train(runner)
    hook._interval = 3
    hub.log_scalars['train/data_time'] = HistoryBuffer()
    for step in range(6):
        hub.update_scalar('train/data_time', 0.5 if step < 3 else 1.0)
        clock[0] += 2.0
        hook.after_train_iter(runner, step, outputs=dict(loss=torch.tensor(float(step))))
        runner.iter += 1
    assert hub.get_scalar('train/images_per_second').data[0].tolist() == [8.0, 8.0]  # 3 x 8 x 2 / 6 s
    assert hub.get_scalar('train/data_wait').data[0].tolist() == [25.0, 50.0]
    assert hub.get_scalar('train/loss').data[0].tolist() == [0, 1, 2, 3, 4, 5]


class Counter:
    """Counts transfers from the device while it is open."""

    def __init__(self, monkeypatch):
        self.count = 0
        for name in ('item', 'tolist', '__float__', '__bool__', '__int__', 'numpy'):
            original = getattr(torch.Tensor, name)

            def counting(tensor, *args, original=original, **kwargs):
                self.count += 1
                return original(tensor, *args, **kwargs)

            monkeypatch.setattr(torch.Tensor, name, counting)


def test_hook_fetches_once_a_line(monkeypatch):
    runner = stand_in('test_transfers', steps=40)
    hook = SyncFreeInfoHook()
    hook.before_train(runner)
    counter, counts = Counter(monkeypatch), []
    for step in range(40):
        before = counter.count
        hook.after_train_iter(runner, step, outputs=dict(loss=torch.tensor(1.0), loss_b=torch.rand(2)))
        counts.append(counter.count - before)
        runner.iter += 1
    assert counts == [int(step % 10 == 9) for step in range(40)]


def test_no_transfer_in_a_training_step(tmp_path, monkeypatch):
    """A whole step, loader, views, SimCLR, optimiser and hooks: nothing waits for the device between log lines."""
    counter, counts = Counter(monkeypatch), []

    class Note(Hook):
        priority = 'LOWEST'

        def before_train_epoch(self, runner):
            counts.append(counter.count)

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            counts.append(counter.count)

    with hooked(Note()):
        train_here(write_config(tmp_path), tmp_path / 'run', train_cfg__max_epochs=1)
    per_step = np.diff(counts)
    # The loader's iterator draws its seed in the first step; steps 3, 6, 9 and the last one write the log.
    between = [int(count) for step, count in enumerate(per_step) if step not in (0, 2, 5, 8, 9)]
    assert between == [0] * len(between)


@pytest.mark.parametrize('accumulate', [1, 2, 3])
def test_teacher_moves_once_an_optimiser_step(tmp_path, monkeypatch, accumulate):
    steps, updates = [], []
    original = MoCo.after_optimizer_step
    monkeypatch.setattr(MoCo, 'after_optimizer_step', lambda model, progress: (
        updates.append((len(steps), progress)), original(model, progress))[-1])

    class Steps(Hook):
        def before_train(self, runner):
            runner.optim_wrapper.optimizer.register_step_post_hook(lambda *_: steps.append(runner.iter))

    with hooked(Steps()):
        train_here(write_config(tmp_path, MOCO), tmp_path / 'run', optim_wrapper__accumulative_counts=accumulate)
    expected = [step for step in range(20) if (step + 1) % accumulate == 0 or step == 19]
    assert steps == expected
    assert [count for count, _ in updates] == list(range(1, len(expected) + 1))  # right after each step of the optimiser
    assert [progress for _, progress in updates] == [step / 20 for step in expected]


def test_teacher_is_the_average_of_the_weights_after_each_step(tmp_path):
    """Followed by hand: t <- 0.9 t + 0.1 s, with s read after every optimiser step."""
    followed = []

    class Follow(Hook):
        priority = 'LOWEST'

        def before_train(self, runner):
            followed.append(runner.model.backbone.conv1.weight.detach().clone())

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            followed.append(0.9 * followed[-1] + 0.1 * runner.model.backbone.conv1.weight.detach())

    with hooked(Follow()):
        runner = train_here(write_config(tmp_path, MOCO), tmp_path / 'run')
    teacher = runner.model.teacher.chain[0].conv1.weight
    assert torch.allclose(teacher, followed[-1], rtol=1e-5, atol=1e-7)
    assert (teacher - runner.model.backbone.conv1.weight).abs().max() > 1e-3


def test_optimizer_step_hook_passes_models_without_a_teacher():
    runner = types.SimpleNamespace(model=torch.nn.Linear(1, 1), iter=0, max_iters=1)
    assert OptimizerStepHook().after_train_iter(runner, 0) is None


def test_steps_may_log_different_things():
    """A loss that is there in some steps only is neither lost nor mistaken for another."""
    hub = types.SimpleNamespace(log_scalars={}, update_scalar=lambda key, value: hub.log_scalars[key].update(value))
    loader = types.SimpleNamespace(batch_size=1)
    runner = types.SimpleNamespace(message_hub=hub, iter=1, max_iters=2, epoch=0, world_size=1, train_dataloader=loader)
    hook = SyncFreeInfoHook()
    hook._pending = [dict(loss=torch.tensor(1.0)), dict(extra_loss=torch.tensor(3.0), loss=torch.tensor(2.0))]
    hook._clock, hook._timed_from = 0.0, 0
    hook.flush(runner)
    assert hub.log_scalars['train/loss'].data[0].tolist() == [1.0, 2.0]
    assert hub.log_scalars['train/extra_loss'].data[0].tolist() == [3.0]


def test_pixels_are_counted_over_a_resume(tmp_path):
    """20 steps of 32 images: SimCLR sends two views of 16 x 16, MoCo a query and a key."""
    for text, name in ((SIMCLR, 'simclr'), (MOCO, 'moco')):
        config = write_config(tmp_path, text, name=f'{name}.py')
        train_here(config, tmp_path / name, train_cfg__max_epochs=1, param_scheduler=[])
        train_here(config, tmp_path / name, resume=True, param_scheduler=[])
        counts = [torch.load(tmp_path / name / f'epoch_{epoch}.pth', weights_only=True)['meta']['pixels']
                  for epoch in (1, 2)]
        assert counts == [10 * 32 * 2 * 256, 20 * 32 * 2 * 256]
        log = log_text(tmp_path / name)
        assert '0.02 million pixels through the backbones in a step, 0 million in all' in log
        assert '0.3 million pixels went through the backbones (student and teacher)' in log


def test_patches_that_are_left_out_are_not_counted():
    encoder = types.SimpleNamespace(patch_size=4)
    hook = PixelCountHook()
    hook._pixels = 0
    hook._count(encoder, (torch.zeros(2, 3, 32, 32),), dict(keep=torch.zeros(2, 16, dtype=torch.long)))
    assert hook._pixels == 2 * 16 * 16
    hook._count(encoder, (torch.zeros(2, 3, 8, 32),), {})
    assert hook._pixels == 2 * 16 * 16 + 2 * 8 * 32


FROZEN = """
custom_hooks = [dict(type='FreezeHook', modules=['neck.layers.3'], iterations=13)]
default_hooks['checkpoint'] = dict(by_epoch=False, interval=1, max_keep_ckpts=-1)
"""


def test_frozen_at_the_start(tmp_path):
    train_here(write_config(tmp_path, SIMCLR, FROZEN), tmp_path / 'run')
    weights = [torch.load(tmp_path / 'run' / f'iter_{step}.pth', weights_only=True)['state_dict'] for step in (1, 13, 14)]
    first, last_frozen, free = [state['neck.layers.3.weight'] for state in weights]
    assert torch.equal(first, last_frozen) and not torch.equal(last_frozen, free)
    assert not torch.equal(weights[0]['neck.layers.0.weight'], weights[1]['neck.layers.0.weight'])


def test_freezing_what_is_not_there(tmp_path):
    with pytest.raises(ValueError, match='FreezeHook: the model has no module prototypes; its parts are data_prepro'):
        train_here(write_config(tmp_path, SIMCLR, FROZEN.replace('neck.layers.3', 'prototypes')), tmp_path / 'run')
    for settings in ({}, dict(iterations=1, epochs=1)):
        with pytest.raises(ValueError, match='needs iterations or epochs, and not both'):
            FreezeHook(['neck'], **settings)


FIXED = """
custom_hooks = [dict(type='FixedLearningRateHook')]
optim_wrapper = dict(constructor='GroupingConstructor', paramwise_cfg=dict(custom_keys={'neck': dict(fixed_lr=True)}))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
"""


def test_a_learning_rate_that_no_schedule_moves(tmp_path):
    """Seen where the step is about to be taken; the other group follows the cosine."""
    rates = {True: [], False: []}

    class Record(Hook):
        priority = 'LOWEST'

        def before_train_iter(self, runner, batch_idx, data_batch=None):
            for group in runner.optim_wrapper.optimizer.param_groups:
                rates[bool(group.get('fixed_lr'))].append(group['lr'])

    with hooked(Record()):
        train_here(write_config(tmp_path, SIMCLR, FIXED), tmp_path / 'run')
    assert rates[True] == [0.24] * 20
    assert rates[False][0] == 0.24 and rates[False][10] == pytest.approx(0.12) and rates[False][-1] < 0.01


def test_no_group_with_a_fixed_rate(tmp_path):
    extra = "custom_hooks = [dict(type='FixedLearningRateHook')]\n"
    with pytest.raises(ValueError, match='no parameter group has fixed_lr=True'):
        train_here(write_config(tmp_path, SIMCLR, extra), tmp_path / 'run')


def test_classes_of_model_and_data():
    data = types.SimpleNamespace(metainfo=dict(classes=['a', 'b']))
    for model in (types.SimpleNamespace(num_classes=2), types.SimpleNamespace()):
        check_classes(model, data)
    check_classes(types.SimpleNamespace(num_classes=3), types.SimpleNamespace(metainfo=dict(classes=[])))
    with pytest.raises(ValueError, match=r'has 3 classes, SimpleNamespace has 2 \(a, b, ...\); set num_classes'):
        check_classes(types.SimpleNamespace(num_classes=3), data)
