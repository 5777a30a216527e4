"""What training needs runs once, whatever the hooks of a config say."""

import itertools
import types

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS, init_default_scope
from tiny_runs import MOCO, SIMCLR, TINY_DATA, log_text, read_state, train_here, write_config

from mmwsl.apis import load_config, prepare_training
from mmwsl.engine.hooks import OptimizerStepHook, PixelCountHook
from mmwsl.models.layers.teacher import cosine_momentum
from mmwsl.registry import HOOKS

MLP = 'dict(in_channels=32, hidden_channels=16, out_channels=8)'
HEAD = 'dict(in_channels=8, hidden_channels=16, out_channels=8)'


def tiny(recipe, **model):
    settings = ', '.join(f'{name}={value}' for name, value in model.items())
    return f"_base_ = 'mmwsl::selfsup/{recipe}_cifar10.py'\nmodel = dict(backbone=dict(base_channels=4), {settings})\n" + \
        TINY_DATA


ERASING = """
_base_ = 'mmwsl::weaksup/localization/erasing/erasing_r18w16_1xb64-const-12e_digitscenes.py'
scenes = dict(size=48, num_scenes=64)
model = dict(backbone=dict(base_channels=4, out_indices=(3,)), head=dict(in_channels=16), steps=2)
train_dataloader = dict(batch_size=16, dataset=dict(**scenes))
optim_wrapper = dict(dtype='float32')
auto_scale_lr = dict(base_batch_size=16)
"""
MODELS = dict(
    moco_v1=tiny('moco/moco_v1_r18w16_1xb256-cos-10e', momentum=0.9, queue='dict(length=64, channels=8)',
                 neck='dict(in_channels=32, out_channels=8)'),
    moco_v2=MOCO,
    moco_v3=tiny('moco_v3/moco_v3_r18w16_1xb256-cos-5e', momentum=0.9, neck=MLP, head=HEAD),
    byol=tiny('byol/byol_r18w16_1xb256-cos-5e', momentum=0.9, neck=MLP, head=HEAD),
    dino=tiny('dino/dino_r18w16_1xb256-cos-5e', momentum=0.9, temperature_warmup=0.5,
              teacher_temperature='(0.04, 0.07)', head='dict(in_channels=32, hidden_channels=16, '
              'bottleneck_channels=8, out_channels=12)'),
    densecl=tiny('densecl/densecl_r18w16_1xb256-cos-10e', momentum=0.9, neck=MLP,
                 queue='dict(length=64, channels=8)', dense_queue='dict(length=64, channels=8)'),
    swav=tiny('swav/swav_r18w16_1xb256-cos-10e', neck=MLP, num_prototypes=12, queue_length=64, queue_start=0.5),
    erasing=ERASING)
SHORT = """
train_dataloader['dataset'].update({images})
train_cfg = dict(max_epochs=1)
param_scheduler = []
default_hooks = dict(checkpoint=None)
"""
STATED = "dict(type='IterationSeedHook'), dict(type='TeacherHook'), dict(type='PixelCountHook'), "
WAYS = dict(
    custom='',
    twice="dict(type='OptimizerStepHook'), dict(type='TeacherHook'), ",  # by its old name too
    dumped=STATED)  # all that configs stated before


@HOOKS.register_module(force=True)
class FollowSteps(Hook):
    """A user's hook: notes every call of ``after_optimizer_step``, and the state that it found and left."""

    priority = 'LOWEST'
    calls = []

    def before_train(self, runner):
        self.calls.clear()
        original = runner.model.after_optimizer_step

        def step(progress):
            before = {key: value.clone() for key, value in runner.model.state_dict().items()}
            original(progress)
            self.calls.append((progress, before, {key: value.clone() for key, value in runner.model.state_dict().items()}))

        runner.model.after_optimizer_step = step


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.parametrize('name', MODELS)
def test_the_step_after_the_optimisers_is_made_once(tmp_path, name, way):
    images = 'num_scenes=64' if name == 'erasing' else 'max_images=128'
    config = write_config(tmp_path, MODELS[name], SHORT.replace('{images}', images)
                          + f"custom_hooks = [{WAYS[way]}dict(type='FollowSteps')]\n")
    if way == 'dumped':
        load_config(config).dump(tmp_path / 'dumped.py')
        config = tmp_path / 'dumped.py'
    runner = train_here(config, tmp_path / 'run')
    assert [progress for progress, _, _ in FollowSteps.calls] == [0, 0.25, 0.5, 0.75]
    if name == 'swav':
        assert [bool(after['queue_open']) for _, _, after in FollowSteps.calls] == [False, False, True, True]
        assert runner.model.queue[:, :32].any() and not runner.model.queue[:, 64:].any()
    elif name == 'erasing':
        assert [int(after['step']) for _, _, after in FollowSteps.calls] == [0, 0, 1, 1]
    else:
        for progress, before, after in FollowSteps.calls:  # t <- m t + (1 - m) s
            keep = cosine_momentum(runner.model.teacher.momentum, runner.model.teacher.end_momentum, progress)
            student, key = before['backbone.conv1.weight'], 'teacher.chain.0.conv1.weight'
            torch.testing.assert_close(after[key], keep * before[key] + (1 - keep) * student)
            assert not torch.equal(after[key], before[key])
        if name == 'dino':
            assert [float(after['teacher_temperature']) for _, _, after in FollowSteps.calls] == pytest.approx(
                [0.04, 0.055, 0.07, 0.07])


COUNT = itertools.count()


def names(runner):
    return [type(hook).__name__ for hook in runner.hooks]


def hooks_of(tmp_path, extra):
    """A Runner that is built and not run."""
    init_default_scope('mmwsl')
    cfg = prepare_training(write_config(tmp_path, SIMCLR, extra), work_dir=tmp_path / 'run',
                           options=dict(experiment_name=f'hooks_{next(COUNT)}'))
    return RUNNERS.build(cfg)


ORDER = ['SyncFreeInfoHook', 'IterationSeedHook', 'IterTimerHook', 'DistSamplerSeedHook', 'OptimizerStepHook',
         'PixelCountHook', 'LoggerHook', 'ParamSchedulerHook', 'CheckpointHook']


@pytest.mark.parametrize('extra', [
    '', 'custom_hooks = []', f'custom_hooks = [{STATED}]', f'custom_hooks = [{STATED}{STATED}]',
    "default_hooks = dict(_delete_=True, logger=dict(type='LoggerHook', interval=3))",
    "default_hooks['optimizer_step'] = dict(type='TeacherHook')"])
def test_what_training_needs_is_there_once_and_in_order(tmp_path, extra):
    runner = hooks_of(tmp_path, extra + '\n')
    assert names(runner) == ORDER
    assert next(hook for hook in runner.hooks if type(hook).__name__ == 'LoggerHook').interval == 3


def test_a_dumped_config_does_not_restate_what_the_runner_adds(tmp_path):
    runner = hooks_of(tmp_path, '')
    assert not {'iteration_seed', 'optimizer_step', 'pixel_count'} & set(runner.cfg.default_hooks)
    assert not runner.cfg.get('custom_hooks')


def test_settings_by_name(tmp_path):
    runner = hooks_of(tmp_path, "default_hooks['pixel_count'] = dict(priority='LOWEST')\n")
    assert names(runner)[-1] == 'PixelCountHook' and len(runner.hooks) == len(ORDER)
    assert runner.cfg.default_hooks.pixel_count == dict(priority='LOWEST')  # a config that is dumped keeps it


@pytest.mark.parametrize('name, hook, without', [
    ('optimizer_step', 'OptimizerStepHook', 'teachers, queues and erasing stay as they start'),
    ('runtime_info', 'SyncFreeInfoHook', 'losses are neither logged nor checked')])
def test_what_is_left_out_is_said(tmp_path, name, hook, without):
    runner = hooks_of(tmp_path, f"default_hooks['{name}'] = None\n")
    assert names(runner) == [each for each in ORDER if each != hook]
    assert f'default_hooks.{name} is None, so {without}' in log_text(tmp_path / 'run')


def test_the_last_settings_of_a_hook_win(tmp_path):
    """Of hooks that run once; others run twice where they are told to do two things, and once where it is the same."""
    runner = hooks_of(tmp_path, """
custom_hooks = [
    dict(type='PreciseBNHook', iterations=3), dict(type='FreezeHook', modules=['neck'], iterations=2),
    dict(type='FreezeHook', modules=['backbone'], iterations=1), dict(type='PreciseBNHook', iterations=5),
    dict(type='FreezeHook', modules=['neck'], iterations=2)]
""")
    own = [hook for hook in runner.hooks if type(hook).__name__ not in ORDER]
    assert [vars(hook).get('modules') or hook.iterations for hook in own] == [['neck'], ['backbone'], 5]
    count = len(runner.hooks)
    runner.register_hook(own[0])
    assert len(runner.hooks) == count
    runner.register_hook(type('Mine', (OptimizerStepHook,), {})())  # a user's own way to do it
    assert [name for name in names(runner) if name in ('OptimizerStepHook', 'Mine')] == ['Mine']


def test_two_hooks_freeze_two_modules(tmp_path):
    """The backbone for one step and the last layer for three; the layer between is free."""
    config = write_config(tmp_path, SIMCLR, """
custom_hooks = [dict(type='FreezeHook', modules=['backbone'], iterations=1),
                dict(type='FreezeHook', modules=['neck.layers.3'], epochs=0.75)]
train_dataloader['dataset']['max_images'] = 128
train_cfg = dict(max_epochs=1)
default_hooks['checkpoint'] = dict(by_epoch=False, interval=1, max_keep_ckpts=-1)
""")
    train_here(config, tmp_path / 'run', param_scheduler=[])
    states = [read_state(tmp_path / 'run' / f'iter_{step}.pth')['state_dict'] for step in (1, 2, 3, 4)]
    start = hooks_of(tmp_path, '').model.state_dict()
    for key, moves in (('backbone.conv1.weight', [False, True, True, True]), ('neck.layers.0.weight', [True] * 4),
                       ('neck.layers.3.weight', [False, False, False, True])):
        values = [start[key], *(state[key] for state in states)]
        assert [not torch.equal(*pair) for pair in zip(values, values[1:], strict=False)] == moves, key


def test_freezing_by_a_wrapper_that_cannot(tmp_path):
    config = write_config(tmp_path, SIMCLR, """
custom_hooks = [dict(type='FreezeHook', modules=['neck'], iterations=1)]
optim_wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))
""")
    with pytest.raises(ValueError, match='OptimWrapper cannot drop gradients; set optim_wrapper.type='):
        train_here(config, tmp_path / 'run')


def counted(model, *calls):
    """Pixels that a hook counts in calls of ``model``, and what it logs."""
    lines = []
    logger = types.SimpleNamespace(info=lines.append)
    hub = types.SimpleNamespace(runtime_info={}, update_info=lambda key, value: hub.runtime_info.update({key: value}))
    runner = types.SimpleNamespace(model=model, message_hub=hub, world_size=1, logger=logger, max_iters=len(calls))
    hook, checkpoint = PixelCountHook(), dict(meta={})
    hook.before_train(runner)
    hook.before_train(runner)  # as of a second training: nothing is counted twice
    for call in calls:
        hook.before_train_iter(runner, 0)
        model(call)
        hook.after_train_iter(runner, 0)
    hook.before_save_checkpoint(runner, checkpoint)
    hook.after_train(runner)
    return checkpoint['meta'].get('pixels'), lines


def test_pixels_are_those_of_images():
    class Encoder(torch.nn.Identity):
        def encoders(self):
            return [self]

    pixels, lines = counted(Encoder(), torch.zeros(2, 3, 8, 4), torch.zeros(2, 3, 8, 4))
    assert pixels == 2 * 64 and len(lines) == 2
    sequences = torch.zeros(2, 32, 10)
    assert counted(Encoder(), sequences, torch.zeros(2, 3, 8, 4, dtype=torch.long)) == (None, [])
    assert counted(torch.nn.Identity(), torch.zeros(2, 3, 8, 4)) == (None, [])  # says of no part that it is an encoder
