"""A signal at a random step of methods of every family, and of several ranks."""

import os
import random
import signal
import socket

import cv2
import numpy as np
import pytest
import torch
from forked_runs import finish, series, start
from tiny_runs import MOCO, SIMCLR, TINY_DATA, assert_same, log_text, read_state, train_here, write_config

from mmwsl.apis import train
from mmwsl.engine.stop import AGREE_STEPS

KILL = """
import os
import signal

from mmengine.hooks import Hook

from mmwsl.registry import HOOKS


@HOOKS.register_module()
class KillRank(Hook):
    '''Sends this process a signal in the middle of a step.'''

    def __init__(self, iteration, rank=0):
        self.iteration, self.rank = iteration, rank

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if (runner.iter, runner.rank) == (self.iteration, self.rank):
            os.kill(os.getpid(), signal.SIGTERM)
"""
FEW = "train_dataloader['dataset']['max_images'] = 96\n"
SCENES = """
data_preprocessor = dict(channels_last=False)
train_dataloader = dict(batch_size=8, dataset=dict(num_scenes=24))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=8)
"""
PHOTOS = """
optim_wrapper = dict(dtype='float32')
train_dataloader = dict(batch_size=4, num_workers=0)
train_cfg = dict(max_epochs=2)
"""
SHAPES = """
model = dict(backbone=dict(base_channels=4), neck=dict(out_channels=8), head=dict(in_channels=8),
             mask_branch=dict(channels=8))
data_preprocessor = dict(channels_last=False)
train_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(num_images=24, size=64))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=8)
"""
METHODS = dict(
    simclr=SIMCLR + FEW,
    moco_v2=MOCO + FEW,
    byol="""
_base_ = 'mmwsl::selfsup/byol/byol_r18w16_1xb256-cos-5e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
             head=dict(in_channels=8, hidden_channels=16, out_channels=8))
""" + TINY_DATA + FEW,
    swav="""
_base_ = 'mmwsl::selfsup/swav/swav_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
    num_prototypes=12, queue_length=64, queue_start=0.2)
custom_hooks = [dict(type='FreezeHook', modules=['prototypes'], iterations=2)]
""" + TINY_DATA + FEW,
    dino="""
_base_ = 'mmwsl::selfsup/dino/dino_r18w16_1xb256-cos-5e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4), head=dict(in_channels=32, hidden_channels=16, bottleneck_channels=8, out_channels=12),
    teacher_temperature=(0.04, 0.07), temperature_warmup=0.8)
""" + TINY_DATA + FEW,
    deepcluster="""
_base_ = 'mmwsl::selfsup/deepcluster/deepcluster_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32, num_classes=4), num_images=96, pca_dims=8)
""" + TINY_DATA + FEW + 'data_preprocessor = dict(views=[[crop]])\n',
    odc="""
_base_ = 'mmwsl::selfsup/odc/odc_r18w16_1xb256-cos-19e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
             head=dict(in_channels=8, num_classes=4), num_images=96, min_cluster=4)
custom_hooks = [dict(type='ClusteringHook', every=None, refresh_interval=2)]
""" + TINY_DATA + FEW + 'data_preprocessor = dict(views=[[crop]])\n',
    mae="""
_base_ = 'mmwsl::selfsup/mae/mae_vitxs4_1xb256-cos-80e_cifar10.py'
model = dict(
    backbone=dict(embed_dims=16, depth=1, num_heads=2, image_size=16),
    decoder=dict(embed_dims=16, depth=1, num_heads=2))
param_scheduler = None
""" + TINY_DATA + FEW + 'data_preprocessor = dict(views=[[crop]])\n',
    localizer="""
_base_ = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
model = dict(backbone=dict(base_channels=4))
""" + SCENES,
    attention_mil="""
_base_ = 'mmwsl::weaksup/mil/attention_mil/attention_mil_bagencoder_1xb1-const-20e_digitbags.py'
train_dataloader = dict(dataset=dict(num_bags=3))
train_cfg = dict(max_epochs=2)
default_hooks = dict(checkpoint=dict(interval=1))
""",
    faster_rcnn="""
_base_ = 'mmwsl::benchmarks/quick/faster_rcnn_voc07.py'
model = dict(backbone=dict(base_channels=4))
""" + PHOTOS + "train_dataloader['dataset'] = dict(data_root='{root}')\n",
    yolact="""
_base_ = 'mmwsl::supervised/instances/yolact_r18w16_1xb16-cos-12e_shapes.py'
""" + SHAPES,
    boxinst="""
_base_ = 'mmwsl::supervised/instances/boxinst_r18w16_1xb16-cos-12e_shapes.py'
""" + SHAPES,
    fcn="""
_base_ = 'mmwsl::benchmarks/quick/fcn_voc07.py'
norm = dict(type='BN')
model = dict(
    backbone=dict(base_channels=4), head=dict(channels=8, in_channels=32), auxiliary_head=dict(channels=4, in_channels=16))
default_hooks = dict(checkpoint=dict(interval=1))
""" + PHOTOS + """
folder = '{root}/VOC2007'
train_dataloader['dataset'] = dict(dataset=dict(
    images=folder + '/JPEGImages', maps=folder + '/SegmentationClass',
    list_file=folder + '/ImageSets/Main/train.txt', pipeline=[dict(type='RandomCropMap', size=32, most=0.75)]), holdout=None)
""")


def write_voc(root, count=12):
    """Photos of 48 x 40 with a box and a class map each, laid out as VOC2007."""
    folder, generator = root / 'VOC2007', np.random.default_rng(0)
    for name in ('JPEGImages', 'Annotations', 'SegmentationClass', 'ImageSets/Main'):
        (folder / name).mkdir(parents=True)
    names = [f'{number:06d}' for number in range(count)]
    (folder / 'ImageSets' / 'Main' / 'train.txt').write_text('\n'.join(names) + '\n')
    for number, name in enumerate(names):
        coarse = generator.integers(0, 256, (5, 6, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / 'JPEGImages' / f'{name}.jpg'), cv2.resize(coarse, (48, 40)))
        label = np.zeros((40, 48), np.uint8)
        label[8:30, 10:40] = 1 + number % 20
        cv2.imwrite(str(folder / 'SegmentationClass' / f'{name}.png'), label)
        (folder / 'Annotations' / f'{name}.xml').write_text(
            f'<annotation><filename>{name}.jpg</filename><size><width>48</width><height>40</height><depth>3</depth></size>'
            f'<object><name>{"cat" if number % 2 else "dog"}</name><difficult>0</difficult><bndbox><xmin>11</xmin>'
            '<ymin>9</ymin><xmax>40</xmax><ymax>30</ymax></bndbox></object></annotation>')


@pytest.fixture(autouse=True)
def kill_rank(tmp_path, monkeypatch):
    (tmp_path / 'kill_rank.py').write_text(KILL)
    monkeypatch.syspath_prepend(tmp_path)


def with_kill(folder, text, iteration, rank=0):
    """The config of the run that is stopped, which is otherwise that of ``text``."""
    return write_config(folder, text, f"""
custom_imports = dict(imports=['kill_rank'])
default_hooks = dict(globals().get('default_hooks', dict()), kill=dict(
    type='KillRank', iteration={iteration}, rank={rank}))
""", 'stopped.py')


DEFAULT = ('byol', 'deepcluster', 'attention_mil')


@pytest.mark.slow
@pytest.mark.parametrize('name', [
    name if name in DEFAULT else pytest.param(name, marks=pytest.mark.long) for name in METHODS])
def test_a_signal_at_a_random_step(tmp_path, name):
    text = METHODS[name]
    if '{root}' in text:
        write_voc(tmp_path / 'voc')
        text = text.replace('{root}', str(tmp_path / 'voc'))
    config = write_config(tmp_path, text)
    last = train_here(config, tmp_path / 'whole').iter
    assert last == 6
    for step in random.Random(name).sample(range(1, last), 2):
        work_dir = tmp_path / f'stopped_{step}'
        with pytest.raises(SystemExit) as stop:
            train_here(with_kill(tmp_path, text, step - 1), work_dir)
        assert stop.value.code == 128 + signal.SIGTERM
        saved = work_dir / f'iter_{step}.pth'
        assert f'SIGTERM: stopped after iteration {step}, which is saved in {saved}. Go on with: the same command and ' \
            '--resume' in log_text(work_dir)
        assert read_state(saved)['iter'] == step
        train_here(config, work_dir, resume=True)
        assert_same(read_state(tmp_path / 'whole' / 'epoch_2.pth'), read_state(work_dir / 'epoch_2.pth'), f'step {step}')
        assert not saved.exists()


# Two ranks --------------------------------------------------------------------------------------------------------

LONG = SIMCLR + """
train_dataloader['batch_size'] = 4
train_dataloader['dataset']['max_images'] = 120
default_hooks['checkpoint'] = dict(interval=2)
auto_scale_lr = dict(base_batch_size=8)
train_cfg = dict(max_epochs=3)
"""  # 15 steps an epoch on each of two ranks


def train_rank(config, work_dir, rank, port, name, resume):
    """Train as one of two ranks."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2', LOCAL_WORLD_SIZE='2',
                      MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    torch.set_num_threads(1)
    train(config, work_dir=work_dir, launcher='pytorch', resume=resume, options=dict(experiment_name=name))


def on_two_ranks(config, work_dir, output, resume=False):
    """The exit codes of both ranks."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    ranks = [start(train_rank, output, config, work_dir, rank, port, f'{work_dir.name}_{resume}', resume)
             for rank in range(2)]
    return [finish(rank) for rank in ranks]


def check_two_ranks(folder, count, seed):
    config, output, generator = write_config(folder, LONG), folder / 'output.txt', random.Random(seed)
    assert on_two_ranks(config, folder / 'whole', output) == [0, 0], output.read_text()[-3000:]
    for number in range(count):
        step, rank = generator.randint(0, 40), generator.randint(0, 1)
        work_dir = folder / f'stopped_{number}'
        codes = on_two_ranks(with_kill(folder, LONG, step, rank), work_dir, output)
        assert codes == [143, 143], (step, rank, codes, output.read_text()[-3000:])
        saved, = work_dir.glob('iter_*.pth')
        done = read_state(saved)['iter']
        assert saved.name == f'iter_{done}.pth' and step < done <= step + AGREE_STEPS
        assert f'SIGTERM: stopped after iteration {done}, which is saved in {saved}' in log_text(work_dir)
        assert on_two_ranks(config, work_dir, output, resume=True) == [0, 0], output.read_text()[-3000:]
        assert_same(read_state(folder / 'whole' / 'epoch_3.pth'), read_state(work_dir / 'epoch_3.pth'), f'step {step}')


@pytest.mark.long
def test_a_signal_to_one_of_two_ranks(tmp_path):
    check_two_ranks(tmp_path, series(1, 3), seed=0)
