"""Every self-supervised recipe on own photos of different sizes: what --data changes in it, and that it learns then."""

import copy
import re

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from photo_sets import photo_folder
from tiny_runs import train_here

from mmwsl.apis import build_dataset, build_model, load_config
from mmwsl.apis.own_data.views import CROP, memory_size
from mmwsl.augment.crop import crop_boxes
from mmwsl.registry import FUNCTIONS, MODELS, TRANSFORMS, VIEWS
from mmwsl.shipped import shipped_configs

# learn from clips, or from several cameras, which photos lack
FLOW = ('cmp', 'cross_pixel', 'flow_prediction', 'geometry_aware', 'landmark_generation', 'moving_foreground',
        'odd_one_out', 'siamese_triplets', 'temporal_order')
SELFSUP = [name for name in shipped_configs() if name.startswith('selfsup/') and name.split('/')[1] not in ('supervised', *FLOW)]
SMALL = [name for name in SELFSUP if re.search(r'_(r18w\d+|vitxs\d+|swinxs\d+)_.*_cifar10', name)]
CLUSTERING = [name for name in SMALL if re.search('/(deepcluster|odc)/', name)]
LARGE = {name.split('/')[1]: name for name in SELFSUP if name.endswith('_imagenet.py')}
PHOTOS, TRAINED_ON = 16, 13  # a fifth is kept for the test


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    return photo_folder(tmp_path_factory.mktemp('own') / 'photos', PHOTOS)


def test_every_method_is_here():
    methods = {name.split('/')[1] for name in SELFSUP}
    assert {name.split('/')[1] for name in SMALL} == methods and set(LARGE) == methods


def views_of(cfg):
    return (cfg.get('data_preprocessor') or cfg.model.data_preprocessor).get('views') or [[]]


def first_batch(cfg, count=None):
    """The first images of the training, as the data loader would hand them over."""
    dataset = build_dataset(cfg.train_dataloader.dataset)
    collate = FUNCTIONS.get(cfg.train_dataloader.get('collate_fn', dict(type='collate_batch'))['type'])
    return collate([dataset[index] for index in range(count or len(dataset))])


def expected_views(before, after):
    """Shapes of the views that the recipe makes of its own data, and of what its preprocessor is given here."""
    size = memory_size(before.train_dataloader.dataset)
    images = torch.zeros(1, 3, size, size, dtype=torch.uint8)
    made = MODELS.build(before.data_preprocessor)(dict(inputs=images), True)['inputs']
    return [tuple(view.shape[1:]) for view in made]


@pytest.mark.parametrize('name', SMALL)
def test_small_recipe_learns(name, photos):
    before, cfg = load_config(f'mmwsl::{name}'), load_config(f'mmwsl::{name}', dict(data=photos))
    cropped = [bool(view) and view[0]['type'] == CROP for view in views_of(before)]
    step = cfg.train_dataloader.dataset.pipeline[0]
    if any(cropped):
        assert step.type == 'RandomCrops' and len(step.crops) == len(cropped)
        assert [list(view) for view in views_of(cfg)] == [list(view[1:]) for view in views_of(before)]
    else:
        assert step.type == 'ResizeRandomCrop' and step.crop == memory_size(before.train_dataloader.dataset)
        assert views_of(cfg) == views_of(before)
    assert cfg.train_dataloader.batch_size == TRAINED_ON
    batch = first_batch(cfg)
    model = build_model(cfg)[0].train()
    data = model.data_preprocessor(batch, True)
    assert [tuple(view.shape[1:]) for view in data['inputs']] == expected_views(before, cfg)
    if name in CLUSTERING:
        return  # the loss needs clusters, which a training makes
    torch.manual_seed(0)
    losses = model(**data, mode='loss')
    total = sum(value for key, value in losses.items() if 'loss' in key)
    total.backward()
    assert torch.isfinite(total)
    gradients = [each.grad for each in model.backbone.parameters() if each.grad is not None]
    assert all(torch.isfinite(each).all() for each in gradients) and any(bool(each.any()) for each in gradients)


@pytest.mark.parametrize('name', CLUSTERING)
def test_clusters_of_own_photos(name, photos, tmp_path):
    """The photos are clustered without their random crops, as many as there are, and trained on."""
    runner = train_here(f'mmwsl::{name}', tmp_path, data=str(photos), epochs=1, train_dataloader__num_workers=0,
                        train_dataloader__persistent_workers=False, model__backbone__base_channels=4,
                        **{f'model__{"neck" if "odc" in name else "head"}__in_channels': 32},
                        **({} if 'odc' in name else dict(model__pca_dims=8)))
    model = runner.model
    assert model.num_images == TRAINED_ON and model.num_clusters == 2
    labels = model.memory.labels if 'odc' in name else model.labels
    assert labels.shape == (TRAINED_ON,) and set(labels.tolist()) == {0, 1}
    assert runner.iter == 1 and runner.train_dataloader.batch_size == TRAINED_ON


@pytest.mark.parametrize('name', LARGE.values(), ids=LARGE)
def test_recipe_of_imagenet_keeps_its_pipeline(name, photos):
    """Its crops are made in the workers already: only the files are others."""
    before, cfg = load_config(f'mmwsl::{name}'), load_config(f'mmwsl::{name}', dict(data=photos))
    assert cfg.train_dataloader.dataset.pipeline == before.train_dataloader.dataset.pipeline
    assert views_of(cfg) == views_of(before)
    assert cfg.benchmark.train.pipeline == cfg.benchmark.test.pipeline == before.benchmark.test.pipeline
    data = MODELS.build(cfg.data_preprocessor)(first_batch(cfg, 2), True)
    cut = TRANSFORMS.build(dict(cfg.train_dataloader.dataset.pipeline[-1]))
    sizes = [size for size, _ in cut.views] if hasattr(cut, 'views') else [cut.crop] * len(data['inputs'])
    if 'split_brain' not in name and 'colorization' not in name:  # which crop again
        assert [tuple(view.shape) for view in data['inputs']] == [(2, 3, size, size) for size in sizes]


@pytest.mark.parametrize('name', [name for name in SELFSUP if 'cifar10' in name])
def test_crops_have_the_settings_of_the_view(name, photos):
    """Also those that the view left to its defaults, which are not those of RandomCrops."""
    before, cfg = load_config(f'mmwsl::{name}'), load_config(f'mmwsl::{name}', dict(data=photos))
    views = [view[0] for view in views_of(before) if view and view[0]['type'] == CROP]
    step = cfg.train_dataloader.dataset.pipeline[0]
    if not views:
        assert step.type == 'ResizeRandomCrop'
        return
    made = TRANSFORMS.build(dict(step))
    for view, (size, scale) in zip(views, made.views, strict=True):
        crop = VIEWS.build(dict(view))
        assert (crop.size, tuple(crop.scale), tuple(crop.ratio), crop.flip_prob, crop.interpolation) == \
            ((size, size), scale, made.ratio, made.flip_prob, made.interpolation)


def test_crops_have_the_distribution_of_the_view(photos):
    """Area, shape and position of 4000 boxes, and how often they are turned, in the old place and in the new one."""
    from scipy.stats import ks_2samp
    cfg = load_config('mmwsl::selfsup/vicreg/vicreg_r18w16_1xb256-cos-10e_cifar10.py')
    view = VIEWS.build(dict(views_of(cfg)[0][0]))
    cfg = load_config('mmwsl::selfsup/vicreg/vicreg_r18w16_1xb256-cos-10e_cifar10.py', dict(data=photos))
    crops = TRANSFORMS.build(dict(cfg.train_dataloader.dataset.pipeline[0]))
    width, height, count = 90, 60, 4000
    draws = [crops.draw(dict(seed=0, epoch=0, index=index))[0] for index in range(count)]
    new = np.array([crops.boxes(width, height, [row] * len(crops.views))[0] for row in draws], dtype=float)
    old = crop_boxes(count, height, width, view.scale, view.ratio, generator=torch.Generator().manual_seed(0))
    old = old[:, [1, 0, 3, 2]].double().numpy()  # left, top, width, height
    for of in (lambda box: box[:, 2] * box[:, 3], lambda box: box[:, 2] / box[:, 3],
               lambda box: box[:, 0] / np.maximum(width - box[:, 2], 1),
               lambda box: box[:, 1] / np.maximum(height - box[:, 3], 1)):
        assert ks_2samp(of(old), of(new)).pvalue > 0.001
    turned = np.mean([row[-1] < crops.flip_prob for row in draws])
    assert abs(turned - view.flip_prob) < 0.03  # four standard errors


def test_crops_that_differ_in_more_than_size_are_refused(photos):
    name = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'
    cfg = load_config(name)
    views = copy.deepcopy([list(map(dict, view)) for view in views_of(cfg)])
    views[1][0]['flip_prob'] = 0.1
    cfg.data_preprocessor.views = views
    from mmwsl.apis.own_data import use_data
    with pytest.raises(ValueError, match='give train_dataloader.dataset a pipeline'):
        use_data(cfg, photos)


def test_fewer_photos_than_a_batch(photos):
    """The batch becomes the photos there are to train on; one that fits stays; the rate stays as it is."""
    name = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'
    cfg = load_config(name, dict(data=photos))
    assert cfg.train_dataloader.batch_size == 13 and cfg.auto_scale_lr.base_batch_size == 256
    assert cfg.optim_wrapper.optimizer.lr == load_config(name).optim_wrapper.optimizer.lr
    assert load_config(name, {'data': photos, 'train_dataloader.batch_size': 4}).train_dataloader.batch_size == 4
    assert load_config(name, {'data': photos, 'train_dataloader.batch_size': 99}).train_dataloader.batch_size == 13


def test_memories_have_a_row_for_each_photo(photos):
    npid = load_config('mmwsl::selfsup/npid/npid_r18w16_1xb256-cos-20e_cifar10.py', dict(data=photos))
    assert npid.model.bank.length == 13
    odc = load_config('mmwsl::selfsup/odc/odc_r18w16_1xb256-cos-19e_cifar10.py', dict(data=photos))
    assert (odc.model.num_images, odc.model.head.num_classes, odc.model.min_cluster) == (13, 2, 6)
