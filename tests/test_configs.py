"""Every shipped config builds, and says of itself what it does."""

import copy
import functools
import re

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmwsl.apis import load_config as read_config
from mmwsl.apis.catalog.keys import check_options
from mmwsl.apis.config import configs_root, resolve
from mmwsl.apis.fine_tune import fine_tune_config
from mmwsl.engine.needed_hooks import NEEDED_HOOKS
from mmwsl.models.backbones import ResNet
from mmwsl.models.layers.pooling import check_pooling
from mmwsl.protocols import FineTuneProtocol
from mmwsl.registry import HOOKS, LOOPS, METRICS, MODELS, PARAM_SCHEDULERS, PROTOCOLS, RUNNERS, TRANSFORMS

GRAMMAR = re.compile(r'(?P<method>[a-z0-9_]+?)_(?P<backbone>r\d+(w\d+)?|alexnet|vgg\d+|googlenet|inceptionv3|vit[a-z0-9]*|swin[a-z0-9]*|mit[a-z0-9]+|efficientnetlite\d|wrn\d+|conv\d+|bagencoder|seq\d+|dim\d+|p?unet\d+)_(?P<gpus>\d+)xb(?P<batch>\d+)'
                     r'-(?P<schedule>[a-z0-9]+)-(?P<length>\d+)(?P<unit>[ek])_(?P<data>[a-z0-9]+)')
ROOT = configs_root()
LEAVES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob('*.py')
                if not {'_base_', 'suites', 'quick', 'transfer', 'pretrained', 'four_step', 'clustering'} & set(path.relative_to(ROOT).parts)
                and path.parent.name != 'benchmarks' and path.parent not in (
                    ROOT / 'benchmarks' / 'detection', ROOT / 'benchmarks' / 'segmentation')
                and not path.is_relative_to(ROOT / 'supervised') and not path.is_relative_to(ROOT / 'generative'))
DETECTION = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'benchmarks' / 'detection').glob('*.py'))
SEGMENTATION = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'benchmarks' / 'segmentation').glob('*.py'))
DEEPLAB = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'supervised' / 'segmentation').glob('*k_*.py'))
INSTANCES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'supervised' / 'instances').glob('*.py'))
SUPERVISED = sorted({path.relative_to(ROOT).as_posix() for path in (ROOT / 'supervised').rglob('*.py')} - set(DEEPLAB) - set(INSTANCES))
GENERATIVE = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'generative').rglob('*.py'))
EVERY = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob('*.py') if '_base_' not in path.parts)
SUITES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'suites').glob('*.py'))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    init_default_scope('mmwsl')


@pytest.fixture
def empty_weights(monkeypatch):
    """What initializers draw for the networks of the papers takes longer than all else here, and nothing asks for it."""
    for name in ('kaiming_normal_', 'kaiming_uniform_', 'normal_', 'trunc_normal_', 'uniform_', 'xavier_uniform_'):
        monkeypatch.setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)


@functools.cache
def read_once(name):
    return read_config(name)


def load_config(name, *args, **kwargs):
    """A copy of one's own, because several tests read each config."""
    return read_config(name, *args, **kwargs) if args or kwargs else copy.deepcopy(read_once(name))


def test_there_are_configs():
    methods = {name.split('/')[1] for name in LEAVES if name.startswith('selfsup/')}
    assert methods >= {'simclr', 'moco', 'byol', 'rotation', 'jigsaw'}


@pytest.mark.parametrize('name', LEAVES)
def test_name(name):
    """{method}_{backbone}_{gpus}xb{batch}-{schedule}-{length}_{data}.py, in the folder of its method, and true.

    The length is of epochs, ``8e``, or of thousands of steps, ``40k``.
    """
    *_, folder, file = name.split('/')
    parts = GRAMMAR.fullmatch(file.removesuffix('.py'))
    assert parts, f'{file} does not follow the grammar'
    cfg = load_config(f'mmwsl::{name}')
    assert parts['method'].startswith(folder)
    gpus, batch, length = int(parts['gpus']), int(parts['batch']), int(parts['length'])
    assert cfg.train_dataloader.batch_size == batch
    assert cfg.auto_scale_lr.base_batch_size == gpus * batch * cfg.optim_wrapper.get('accumulative_counts', 1)
    assert {'e': cfg.train_cfg.get('max_epochs'), 'k': cfg.train_cfg.get('max_iters', 0) / 1000}[parts['unit']] == length
    assert parts['data'] == cfg.benchmark.dataset.lower().replace('-', '')
    depth = re.fullmatch(r'r(\d+)(?:w(\d+))?', parts['backbone'])
    if parts['backbone'][:3] in ('seq', 'dim'):  # sequences, or items, of features of so many channels
        assert cfg.model.get('backbone', cfg.model).in_channels == int(parts['backbone'][3:])
    elif parts['backbone'].startswith('conv'):
        assert (cfg.model.backbone.type, cfg.model.backbone.channels) == ('PairedConvs', int(parts['backbone'][4:]))
    elif 'unet' in parts['backbone']:
        assert cfg.model.backbone.type == ('PartialUNet' if parts['backbone'].startswith('p') else 'UNet')
        net = MODELS.build(dict(cfg.model.backbone))
        assert net.out_channels == [int(parts['backbone'].removeprefix('p').removeprefix('unet'))]
    elif depth:
        assert cfg.model.backbone.depth == int(depth[1])
        assert cfg.model.backbone.get('base_channels', 64) == int(depth[2] or 64)
        assert (cfg.model.backbone.type == 'CIFARResNet') == (int(depth[1]) not in ResNet.BLOCKS)  # no depth is both's
    else:
        kinds = dict(vit='VisionTransformer', swin='SwinTransformer', alexnet='AlexNet', vgg16='VGG16',
                     googlenet='GoogLeNet', inceptionv3='InceptionV3', bagencoder='BagEncoder', efficientnetlite='EfficientNetLite',
                     wrn='WideResNet', mit='MixTransformer')
        kind = next(kind for prefix, kind in kinds.items() if parts['backbone'].startswith(prefix))
        assert kind in (cfg.model.backbone.type, cfg.model.backbone.get('half', {}).get('type'))
        if kind == 'EfficientNetLite':
            assert parts['backbone'].endswith(cfg.model.backbone.arch)
    types = {scheduler.type for scheduler in cfg.param_scheduler or []}
    expected = dict(cos='CosineAnnealingLR', step='MultiStepLR', poly='PolyLR', const=None)[parts['schedule']]
    # a warm-up, and a schedule of something else than the learning rate, may stand beside it
    assert types - {'LinearLR', 'CosineAnnealingParamScheduler', 'MultiStepParamScheduler'} == ({expected} if expected else set())


@pytest.mark.parametrize('name', LEAVES)
def test_schedule_covers_the_training(name):
    """Schedules follow one another without a gap until the last epoch or step, a cosine over its own length."""
    cfg = load_config(f'mmwsl::{name}')
    steps = cfg.train_cfg.get('max_iters')
    epochs = steps or cfg.train_cfg.max_epochs
    schedules = [dict(dict(begin=0, end=epochs), **scheduler) for scheduler in cfg.param_scheduler or []]
    assert not schedules or schedules[-1]['end'] == epochs
    assert not (steps and schedules) or [each['begin'] for each in schedules] == [0, *(each['end'] for each in schedules[:-1])]
    schedules = [scheduler for scheduler in schedules if scheduler.get('by_epoch', True)]  # the others count steps
    warm = [scheduler for scheduler in schedules if scheduler['type'] == 'LinearLR']
    for scheduler in schedules:
        assert 0 <= scheduler['begin'] < scheduler['end'] <= epochs
        if scheduler['type'] == 'CosineAnnealingLR':
            assert scheduler['begin'] == (warm[0]['end'] if warm else 0)
        if scheduler['type'] == 'MultiStepLR':
            assert list(scheduler['milestones']) == sorted(scheduler['milestones'])
            assert scheduler['begin'] < scheduler['milestones'][0] and scheduler['milestones'][-1] < epochs


@pytest.mark.parametrize('name', EVERY)
def test_no_key_is_nearly_one_that_is_read(name):
    """Reading it has checked that already; here that nothing of it would be refused among options either."""
    cfg = load_config(f'mmwsl::{name}')
    check_options({}, cfg.to_dict(), dict.fromkeys(cfg, None))


@pytest.mark.parametrize('name', EVERY)
def test_lengths_are_said_once(name):
    """Nothing restates the length of the training, or what follows from it; then another length needs one change."""
    cfg = load_config(f'mmwsl::{name}')
    for scheduler in cfg.get('param_scheduler') or []:
        total = cfg.train_cfg.get('max_epochs' if scheduler.get('by_epoch', True) else 'max_iters')
        assert 'T_max' not in scheduler and scheduler.get('begin') != 0 and scheduler.get('end') != total


@pytest.mark.parametrize('name', LEAVES)
def test_builds(name, empty_weights):
    cfg = load_config(f'mmwsl::{name}')
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) > 1000
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    held = {id(p) for group in wrapper.optimizer.param_groups for p in group['params']}
    assert {id(p) for p in model.parameters() if p.requires_grad} <= held  # nothing that should learn is left out
    lr = cfg.optim_wrapper.optimizer.lr
    for scheduler in cfg.param_scheduler or []:
        scheduler = dict(scheduler)
        per_iteration = scheduler.pop('convert_to_iter_based', False)
        kind = PARAM_SCHEDULERS.get(scheduler['type'])
        if per_iteration:
            scheduler.pop('type')
            kind.build_iter_from_epoch(optimizer=wrapper, **scheduler, epoch_length=7)
        else:
            PARAM_SCHEDULERS.build(dict(scheduler, optimizer=wrapper))
    keys = cfg.optim_wrapper.get('paramwise_cfg', {}).get('custom_keys', {}).values()
    fastest = max([1, *(settings.get('lr_mult', 1) for settings in keys)])  # a head that starts from nothing
    assert all(group['lr'] <= lr * fastest for group in wrapper.optimizer.param_groups)

    views = getattr(model.data_preprocessor, 'views', None)  # bags have none
    images = cfg.train_dataloader.dataset.get('dataset', cfg.train_dataloader.dataset)  # a subset, or the whole
    pipeline = images.get('pipeline')
    if images.get('type') in ('VOC', 'COCO') and cfg.model.type == 'WeakDetector':
        assert all(TRANSFORMS.build(step).moves_annotations for step in pipeline)  # and proposals with them
        for evaluator in cfg.test_evaluator:
            METRICS.build(evaluator)
    elif pipeline:  # the crops are cut by the workers: as many as there are pipelines on the device
        cut = TRANSFORMS.build(dict(pipeline[-1]))
        assert not hasattr(cut, 'views') or len(cut.views) == len(views)
    sighted = 'image' if cfg.model.type in ('Supervised', 'ImageClassifier', 'PseudoLabelClassifier') else 'none'
    assert sighted == images.get('supervision') or name.startswith(('weaksup/', 'graph/', 'scenes/'))
    added = cfg.get('custom_hooks', [])
    for hook in [*cfg.default_hooks.values(), *added]:
        HOOKS.build(dict(hook))
    assert not {hook.type for hook in added} & {kind for kind, _ in NEEDED_HOOKS.values()}  # the Runner's part
    for protocol, settings in (cfg.benchmark.get('protocols') or {}).items():
        PROTOCOLS.build({'type': protocol, **settings})  # a name of its own has its type
    others = name.endswith(('_orlfaces.py', '_market1501.py'))  # people to test on are others
    if name.startswith(('benchmarks/', 'classification/')) and not others:
        METRICS.build(cfg.test_evaluator)
        with torch.no_grad():  # every layer has the size that its classifier is made for
            side = 32 if cfg.benchmark.dataset.startswith('CIFAR') else 224
            features = cfg.model.backbone.type == 'Perceptron'
            inputs = torch.zeros(1, cfg.model.backbone.in_channels) if features else torch.zeros(1, 3, side, side)
            scores = model.eval().head(model.backbone(inputs))
        assert all(len(each[0]) == cfg.model.head.num_classes
                   for each in (scores.values() if isinstance(scores, dict) else [scores]))
    assert cfg.train_cfg.type in LOOPS and cfg.runner_type in RUNNERS
    assert cfg.randomness.seed is not None  # without a seed a resumed run sees another order


@pytest.mark.parametrize('name', DETECTION)
def test_detection(name, empty_weights):
    """{method}_{backbone}_{gpus}xb{batch}-{schedule}-{length}_{data}.py says what it does, and it builds."""
    cfg = load_config(f'mmwsl::{name}')
    parts = re.fullmatch(r'(?P<method>faster|mask)_rcnn(?:_hide_and_seek)?_r(?P<depth>\d+)(?P<kind>c4|fpn)_(?P<gpus>\d+)xb(?P<batch>\d+)-step-'
                         r'(?P<thousands>\d+)k_(?P<data>[a-z0-9]+)', name.split('/')[-1].removesuffix('.py'))
    iterations = 1000 * int(parts['thousands'])
    assert cfg.train_cfg.max_iters == iterations
    assert cfg.param_scheduler[-1].milestones[-1] < iterations and not any(s.by_epoch for s in cfg.param_scheduler)
    assert cfg.train_dataloader.batch_size == int(parts['batch'])
    assert cfg.auto_scale_lr.base_batch_size == int(parts['gpus']) * int(parts['batch'])
    assert parts['data'] == cfg.benchmark.dataset.lower()
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))
    assert (model.mask_head is not None) == (parts['method'] == 'mask') and (model.neck is None) == (parts['kind'] == 'c4')
    assert cfg.model.backbone.depth == int(parts['depth'])
    assert model.box_head.num_classes == dict(voc0712=20, coco=80)[parts['data']]
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    for scheduler in cfg.param_scheduler:
        PARAM_SCHEDULERS.build(dict(scheduler, optimizer=wrapper))
    metric = METRICS.build(cfg.test_evaluator)
    assert model.mask_head is None or 'segm' in metric.kinds
    steps = [TRANSFORMS.build(step) for step in cfg.train_dataloader.dataset.pipeline + cfg.test_dataloader.dataset.pipeline]
    assert all(step.moves_annotations for step in steps)
    assert cfg.train_dataloader.collate_fn.type == cfg.test_dataloader.collate_fn.type == 'collate_list'


@pytest.mark.parametrize('name', SEGMENTATION)
def test_segmentation(name, empty_weights):
    """{method}_{backbone}_{gpus}xb{batch}-{schedule}-{length}_{data}.py says what it does, and it builds."""
    cfg = load_config(f'mmwsl::{name}')
    parts = re.fullmatch(r'fcn(?:_hide_and_seek)?_r(?P<depth>\d+)d(?P<stride>\d+)_(?P<gpus>\d+)xb(?P<batch>\d+)-poly-(?P<thousands>\d+)k_'
                         r'(?P<data>[a-z0-9]+)', name.split('/')[-1].removesuffix('.py'))
    schedule, = cfg.param_scheduler
    assert cfg.train_cfg.max_iters == 1000 * int(parts['thousands']) and not schedule.by_epoch
    assert cfg.train_dataloader.batch_size == int(parts['batch'])
    assert cfg.auto_scale_lr.base_batch_size == int(parts['gpus']) * int(parts['batch'])
    assert parts['data'] == cfg.benchmark.dataset.lower()
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).eval()
    assert cfg.model.backbone.depth == int(parts['depth'])
    side = 8 * int(parts['stride'])
    classes = METRICS.build(cfg.test_evaluator).num_classes
    with torch.no_grad():
        assert model(torch.zeros(1, 3, side, side)).shape == (1, classes, 8, 8)
    PARAM_SCHEDULERS.build(dict(schedule, optimizer=build_optim_wrapper(model, cfg.optim_wrapper)))
    steps = [TRANSFORMS.build(step) for step in cfg.train_dataloader.dataset.pipeline + cfg.test_dataloader.dataset.pipeline]
    assert all(step.moves_annotations for step in steps)


@pytest.mark.parametrize('name', SUPERVISED)
def test_supervised(name, empty_weights):
    """Detectors and segmentors on the pre-trained network: the name is true, and the levels are where it says."""
    cfg = load_config(f'mmwsl::{name}')
    parts = re.fullmatch(r'(?P<method>faster_rcnn|fcn|deeplabv1|deeplabv3plus)_(?P<backbone>efficientnetlite\d)_(?P<gpus>\d+)xb(?P<batch>\d+)-cos-'
                         r'(?P<epochs>\d+)e_(?P<data>[a-z0-9]+)', name.split('/')[-1].removesuffix('.py'))
    assert name.split('/')[1] == ('detection' if parts['method'] == 'faster_rcnn' else 'segmentation')
    assert cfg.train_cfg.max_epochs == int(parts['epochs']) and cfg.train_dataloader.batch_size == int(parts['batch'])
    assert cfg.auto_scale_lr.base_batch_size == int(parts['gpus']) * int(parts['batch'])
    assert parts['data'] == cfg.benchmark.dataset.lower() and parts['backbone'].endswith(cfg.model.backbone.arch)
    assert cfg.model.backbone.init_cfg.checkpoint == f'pretrained:efficientnet_{cfg.model.backbone.arch}'
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).eval()
    with torch.no_grad():
        maps = model(torch.zeros(1, 3, 128, 128))
    if parts['method'] != 'faster_rcnn':
        side = 32 if parts['method'] == 'deeplabv3plus' else 8
        assert maps.shape == (1, METRICS.build(cfg.test_evaluator).num_classes, side, side)
    else:
        assert [level.shape[2] for level in maps] == [128 // stride for stride in model.rpn_head.strides]
        assert model.box_head.num_classes == 20 and METRICS.build(cfg.test_evaluator)
    held = {id(p) for group in build_optim_wrapper(model, cfg.optim_wrapper).optimizer.param_groups for p in group['params']}
    learning = {id(p) for p in model.parameters() if p.requires_grad}
    assert learning <= held and 0 < len(learning) < len(list(model.parameters()))  # the first stages stay
    for part in (cfg.train_dataloader.dataset, cfg.test_dataloader.dataset):
        assert all(TRANSFORMS.build(step).moves_annotations for step in part.get('dataset', part).pipeline)


@pytest.mark.parametrize('name', INSTANCES)
def test_instances(name):
    """{method}{size}_{backbone}_{gpus}xb{batch}-{schedule}-{length}{unit}_{data}.py: true, with a scale for each map."""
    cfg = load_config(f'mmwsl::{name}')
    parts = re.fullmatch(r'(?P<method>yolact_filled_boxes|yolact|fc_mask|boxinst|mask_rcnn)(?P<size>\d*)_(?P<backbone>r\d+(?:w\d+)?|darknet53|efficientnetlite0)_(?P<gpus>\d+)xb(?P<batch>\d+)-'
                         r'(?P<schedule>step|cos)-(?P<length>\d+)(?P<unit>[ke])_(?P<data>coco|shapes|digitscenes)', name.split('/')[-1].removesuffix('.py'))
    assert cfg.train_dataloader.batch_size == int(parts['batch'])
    assert cfg.auto_scale_lr.base_batch_size == int(parts['gpus']) * int(parts['batch'])
    assert {'e': cfg.train_cfg.get('max_epochs'), 'k': cfg.train_cfg.get('max_iters', 0) / 1000}[parts['unit']] == int(parts['length'])
    backbone = cfg.model.backbone
    assert parts['backbone'] in (dict(Darknet='darknet53', EfficientNetLite='efficientnetlite0').get(backbone.type, f"r{backbone.get('depth')}"),
                                 f"r{backbone.get('depth')}w{backbone.get('base_channels')}")
    assert parts['data'] == cfg.benchmark.dataset.lower().split(',')[0]
    side = int(parts['size'] or 128)
    backbone.pop('init_cfg', None)
    with torch.device('meta'):
        model = MODELS.build(dict(cfg.model, data_preprocessor=MODELS.build(cfg.data_preprocessor))).eval()
        maps = model(torch.zeros(1, 3, side, side))
        logits, _, values = (None,) * 3 if parts['method'] == 'mask_rcnn' else model.head(maps)
    strides = dict(digitscenes=(4, 8)).get(parts['data'], (8, 16, 32, 64, 128))[:len(maps)]
    assert [level.shape[2] for level in maps] == [-(-side // stride) for stride in strides]
    if parts['method'] == 'mask_rcnn':
        assert model.rpn_head.strides == strides and len(maps) == dict(shapes=3, digitscenes=2)[parts['data']]
        assert model.num_classes == dict(shapes=5, digitscenes=10)[parts['data']]
    else:
        assert len(model.head.scales) == len(maps) and logits.shape[2] == dict(coco=81, shapes=6)[parts['data']]
        assert values.shape[2] == (256 if parts['method'] == 'fc_mask' else model.mask_branch.num_values)
    PARAM_SCHEDULERS.build(dict(cfg.param_scheduler[0], optimizer=build_optim_wrapper(model, cfg.optim_wrapper)))
    assert METRICS.build(cfg.test_evaluator).kinds == ['bbox', 'segm']
    for part in (cfg.train_dataloader.dataset, cfg.test_dataloader.dataset):
        assert all(TRANSFORMS.build(step).moves_annotations for step in part.get('pipeline', ()))
        assert [step['size'] for step in part.get('pipeline', ())[-1:]] == ([side] if parts['data'] == 'coco' else [])


@pytest.mark.parametrize('name', GENERATIVE)
def test_generative(name, no_power_iterations):
    """{method}_g{width}_{gpus}xb{batch}-const-{epochs}e_{data}.py: true, every weight belongs to a half or is an average."""
    cfg = load_config(f'mmwsl::{name}')
    parts = re.fullmatch(r'(?P<method>[a-z0-9_]+)_g(?P<width>\d+)_(?P<gpus>\d+)xb(?P<batch>\d+)-const-(?P<epochs>\d+)e_(?P<data>[a-z0-9]+)',
                         name.split('/')[-1].removesuffix('.py'))
    assert parts['method'].startswith(name.split('/')[1])
    assert cfg.train_dataloader.batch_size == int(parts['batch']) and not cfg.param_scheduler
    assert cfg.auto_scale_lr.base_batch_size == int(parts['gpus']) * int(parts['batch'])
    assert cfg.train_cfg.max_epochs == int(parts['epochs']) and cfg.train_cfg.type in LOOPS and cfg.runner_type in RUNNERS
    assert parts['data'] == cfg.benchmark.dataset.lower().split()[-1] and cfg.model.generator.channels == int(parts['width'])
    with torch.device('meta'):  # what the published sizes are drawn from takes long, and nothing asks for it
        model = MODELS.build(dict(cfg.model, data_preprocessor=MODELS.build(cfg.data_preprocessor))).eval()
        size = cfg.model.generator.size
        assert model(torch.zeros(2, 3, size, size)).shape == (2, 3, size, size)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    held = {id(p) for half in wrapper.values() for group in half.optimizer.param_groups for p in group['params']}
    assert held == {id(p) for p in model.parameters() if p.requires_grad} and len(held) > 20
    METRICS.build(cfg.test_evaluator)
    for hook in cfg.get('custom_hooks', []):
        HOOKS.build(dict(hook))


@pytest.mark.parametrize('name', DEEPLAB)
def test_deeplab(name):
    """{method}_{backbone}_{gpus}xb{batch}-{schedule}-{length}k_{data}.py: true, and with maps of 1/8, v3+ of 1/4."""
    cfg = load_config(f'mmwsl::{name}')
    parts = re.fullmatch(r'(?P<method>deeplabv[12]|deeplabv3plus)_(?P<backbone>wrn38|vgg16|r101)_(?P<gpus>\d+)xb(?P<batch>\d+)-'
                         r'(?P<schedule>poly|step)-(?P<thousands>\d+)k_(?P<data>[a-z0-9]+)', name.split('/')[-1].removesuffix('.py'))
    assert cfg.model.head.type == dict(deeplabv1='LargeFOVHead', deeplabv2='DeepLabV2Head', deeplabv3plus='DeepLabV3PlusHead')[parts['method']]
    assert cfg.model.backbone.type == dict(wrn38='WideResNet', vgg16='VGG16', r101='ResNet')[parts['backbone']]
    assert cfg.train_cfg.max_iters == 1000 * int(parts['thousands']) and cfg.train_dataloader.batch_size == int(parts['batch'])
    assert cfg.auto_scale_lr.base_batch_size == int(parts['gpus']) * int(parts['batch'])
    assert parts['data'] == cfg.benchmark.dataset.lower()
    schedule, = cfg.param_scheduler
    assert schedule.type == dict(poly='PolyLR', step='MultiStepLR')[parts['schedule']] and not schedule.by_epoch
    classes = dict(voc12aug=21, coco14=81)[parts['data']]
    assert METRICS.build(cfg.test_evaluator).num_classes == len(cfg.train_dataloader.dataset.classes) == classes
    with torch.device('meta'):
        model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).eval()
        side = 32 if parts['method'] == 'deeplabv3plus' else 16
        assert model(torch.zeros(1, 3, 128, 128)).shape == (1, classes, side, side)
    PARAM_SCHEDULERS.build(dict(schedule, optimizer=build_optim_wrapper(model, cfg.optim_wrapper)))
    for part in (cfg.train_dataloader.dataset, cfg.test_dataloader.dataset):
        assert all(TRANSFORMS.build(step).moves_annotations for step in part.pipeline)


@pytest.mark.parametrize('name, classes', [('faster_rcnn_voc07', 20), ('mask_rcnn_coco', 80), ('fcn_voc07', 21),
                                           ('fcn_motion_voc07', 21), ('fcn_shapes', 2)])
def test_quick(name, classes):
    """The small presets build, with widths that the backbone says, and so do their pipelines."""
    cfg = load_config(f'mmwsl::benchmarks/quick/{name}.py')
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).eval()
    with torch.no_grad():
        maps = model(torch.zeros(1, 3, 64, 64))
    if name.startswith('fcn'):
        side = 8 if name == 'fcn_voc07' else 16
        assert maps.shape == (1, classes, side, side)
    else:
        assert [level.shape[2] for level in maps] == [64 // stride for stride in model.rpn_head.strides]
        assert model.box_head.num_classes == classes and (model.mask_head is None) == (name == 'faster_rcnn_voc07')
    METRICS.build(dict(cfg.test_evaluator, ann_file=None) if name == 'mask_rcnn_coco' else cfg.test_evaluator)
    for part in (cfg.train_dataloader.dataset, cfg.test_dataloader.dataset):
        assert all(TRANSFORMS.build(step).moves_annotations
                   for step in part.get('dataset', part).get('pipeline', ()))


@pytest.mark.parametrize('name', sorted(path.relative_to(ROOT / 'benchmarks').as_posix() for pattern in (
    '*.py', 'transfer/*.py') for path in (ROOT / 'benchmarks').glob(pattern)))
def test_benchmarks(name):
    """A file to judge any checkpoint by takes the place of a config's own benchmark, and its protocols build."""
    cfg = load_config('mmwsl::selfsup/simclr/simclr_r50_8xb32-cos-200e_imagenet.py', benchmark_of=f'mmwsl::benchmarks/{name}')
    settings = cfg.benchmark
    protocols = [PROTOCOLS.build({'type': protocol, **options}) for protocol, options in settings.protocols.items()]
    for protocol in protocols:
        if isinstance(protocol, FineTuneProtocol):
            for options in protocol.combinations():
                judged = fine_tune_config(cfg, protocol.config, {**protocol.options, **options})
                assert judged.model.backbone.type == 'ResNet' and judged.model.backbone.depth == 50
                assert judged.model.backbone.get('base_channels', 64) == 64 and judged.test_evaluator
    if settings.get('layers'):
        check_pooling(settings.pooling, settings.layers)
    if not all(isinstance(protocol, FineTuneProtocol) for protocol in protocols):
        assert settings.train.type == settings.test.type
        for part in (settings.train, settings.test):
            for step in part.get('pipeline', ()):
                TRANSFORMS.build(step)


def test_transfer_sets():
    """The twelve of SimCLR's table, each with its metric."""
    metrics = {path.stem: load_config(path).benchmark.protocols.logistic.metric
               for path in (ROOT / 'benchmarks' / 'transfer').glob('*.py')}
    assert len(metrics) == 12 and metrics.pop('voc2007') == 'mAP_11points'
    averaged = {name for name, metric in metrics.items() if metric == 'mean_class'}
    assert averaged == {'aircraft', 'pets', 'caltech101', 'flowers102'}


def prefixes(evaluator):
    """Of the metrics of a config, one or a list."""
    return {METRICS.get(each.type).default_prefix for each in (evaluator if isinstance(evaluator, list) else [evaluator])}


def test_suites():
    for name in SUITES:
        suite = load_config(f'mmwsl::suites/{name.split("/")[-1]}')
        assert suite.suite and suite.runs
        own = [load_config(run.config).get('test_evaluator') for run in suite.runs]
        for protocol in suite.protocols:  # a registered one, or the metric by which every config is scored
            named = (each for run in suite.runs for each in (
                run.get('options', {}).get('benchmark.protocols'), load_config(run.config).benchmark.get('protocols')))
            assert protocol in PROTOCOLS or any(protocol in (each or {}) for each in named) or all(
                protocol in prefixes(each) for each in own), name
        methods = [(run.method, seed) for run in suite.runs for seed in run.get('seeds', [0])]
        assert len(methods) == len(set(methods)), f'{name}: a method is listed twice, its records would be one'
        datasets = set()
        for run in suite.runs:
            assert set(run) <= {'method', 'config', 'seeds', 'checkpoint', 'start', 'ensemble', 'options'}, f'{name}: {run}'
            assert {*run.get('ensemble', ()), run.get('start', '')} - {''} <= {
                f'{each.method}-seed{seed}' for each in suite.runs for seed in each.get('seeds', [0])}, f'{name}: {run}'
            assert resolve(run.config).is_file()
            options = [run.options] if run.get('options') else []
            datasets.add(load_config(run.config, *options).benchmark.dataset)
        assert len(datasets) == 1 or suite.get('table') == 'datasets', f'{name}: one table, one data set'
