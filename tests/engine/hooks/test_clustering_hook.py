import logging
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from gloo_ranks import on_ranks
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from tiny_runs import TINY_DATA, log_text, train_here, write_config
from torch.utils.data import DataLoader

from mmwsl.datasets import Digits, ImageFolder, PseudoLabelSampler, collate_batch
from mmwsl.engine.hooks.clustering import ClusteringHook
from mmwsl.registry import MODELS

IMAGES = 30
TINY = """
_base_ = 'mmwsl::selfsup/deepcluster/deepcluster_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32, num_classes=10), num_images=320, pca_dims=16)
""" + TINY_DATA + """
data_preprocessor = dict(views=[[crop]])
"""


def fake_runner(dataset=None, rank=0, size=1, num_images=None, dtype=None, batch=7):
    init_default_scope('mmwsl')
    torch.manual_seed(0)
    dataset = Digits(size=16, max_images=IMAGES, supervision='none') if dataset is None else dataset
    count = max(len(dataset), 2)  # clusters are two at least
    model = MODELS.build(dict(
        type='DeepCluster', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'), pca_dims=4,
        head=dict(type='ClassificationHead', in_channels=32, num_classes=min(5, count)),
        num_images=count if num_images is None else num_images,
        data_preprocessor=dict(type='ViewPreprocessor', mean=[100.] * 3, std=[50.] * 3,
                               views=[[dict(type='RandomHorizontalFlip', prob=0.5)]])))
    sampler = PseudoLabelSampler(dataset, seed=0)
    return SimpleNamespace(
        model=model, rank=rank, world_size=size, seed=7, epoch=0, iter=0, logger=logging.getLogger('test'),
        optim_wrapper=SimpleNamespace(dtype=dtype), message_hub=MessageHub('clustering'),
        train_dataloader=DataLoader(dataset, batch, sampler=sampler, collate_fn=collate_batch))


def test_features_are_those_of_plain_images_in_eval_mode():
    runner = fake_runner()
    model = runner.model.train()
    model.backbone.layer1.eval()  # a part that is frozen
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    features, indices = ClusteringHook().extract(runner)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training and model.backbone.layer2.training and not model.backbone.layer1.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert indices.tolist() == list(range(IMAGES))
    model.eval()
    images = (runner.train_dataloader.dataset.images.float() - 100) / 50
    torch.testing.assert_close(features, model.backbone(images)[0].mean((2, 3)).detach(), rtol=1e-4, atol=1e-4)


def test_autocast_is_that_of_training():
    seen = []
    for dtype in (None, torch.bfloat16):
        runner = fake_runner(dtype=dtype)
        runner.model.backbone.register_forward_hook(lambda module, args, maps: seen.append(maps[0].dtype))
        assert ClusteringHook(batch_size=30).extract(runner)[0].dtype == torch.float32
    assert seen == [torch.float32, torch.bfloat16]


@pytest.mark.parametrize('every, epochs', [(1, [0, 1, 2, 3]), (2, [0, 2]), (None, [0])])
def test_when_it_clusters(every, epochs, monkeypatch):
    runner, hook = fake_runner(), ClusteringHook(every=every)
    steps, calls = len(runner.train_dataloader), []
    monkeypatch.setattr(runner.model, 'cluster', lambda features, indices, seed: calls.append((runner.epoch, seed)) or {})
    for epoch in range(4):
        runner.epoch, runner.iter = epoch, epoch * steps
        hook.before_train_epoch(runner)
    assert [epoch for epoch, _ in calls] == epochs
    assert len({seed for _, seed in calls}) == len(epochs)  # another start in every epoch
    for done in (1, steps):  # resumed in the middle, or after the last step before the epoch was closed
        runner.epoch, runner.iter = 0, done
        hook.before_train_epoch(runner)
    assert len(calls) == len(epochs)


def test_the_sampler_gets_the_labels_of_a_checkpoint():
    runner = fake_runner()
    runner.iter = 3
    runner.model.labels.copy_(torch.arange(IMAGES) % 4)
    ClusteringHook().before_train_epoch(runner)
    assert runner.train_dataloader.sampler.labels.tolist() == [number % 4 for number in range(IMAGES)]


def test_refreshes(monkeypatch):
    runner, calls = fake_runner(), []
    runner.model.refresh_clusters = calls.append
    for runner.iter in range(9):
        ClusteringHook(refresh_interval=4).after_train_iter(runner, runner.iter)
        ClusteringHook().after_train_iter(runner, runner.iter)
    assert calls == [3, 7]


def test_run(tmp_path):
    runner = train_here(write_config(tmp_path, TINY), tmp_path / 'run')
    log = log_text(tmp_path / 'run')
    assert 'Clustering before epoch 1: clusters 10, objective' in log
    assert 'Clustering before epoch 2: clusters 10, objective' in log and ', nmi 0.' in log and ', seconds ' in log
    assert len(runner.message_hub.get_scalar('clustering/objective').data[0]) == 2
    labels = runner.train_dataloader.sampler.labels
    assert (labels == runner.model.labels.numpy()).all()
    drawn = np.bincount(labels[list(runner.train_dataloader.sampler)], minlength=10)
    assert drawn.min() >= 20 and drawn.max() <= 33  # 33 of each cluster before the cut
    assert runner.model.training


def test_wrong_number_of_images(tmp_path):
    with pytest.raises(ValueError, match='training set has 320 images but the model was built for 300: set --cfg-options '
                       'model.num_images=320'):
        train_here(write_config(tmp_path, TINY), tmp_path / 'run', model__num_images=300)


def test_bad_settings():
    with pytest.raises(ValueError, match='every=0; it must be 1 or more, or None'):
        ClusteringHook(every=0)
    runner = fake_runner()
    with pytest.raises(ValueError, match='Digits has no pipeline that could be replaced'):
        ClusteringHook(pipeline=[dict(type='ResizeCenterCrop', resize=20, crop=16)]).before_train(runner)
    with pytest.raises(ValueError, match='DeepCluster has no refresh_clusters'):
        ClusteringHook(refresh_interval=10).before_train(runner)
    runner.model = torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match='Linear has no cluster, cluster_features, num_images; it is for methods'):
        ClusteringHook().before_train(runner)


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        image = np.random.default_rng(number).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f'{number}.png'), image)
    return tmp_path


def photos(folder, **settings):
    return ImageFolder(str(folder), labelled=False, supervision='none',
                       pipeline=[dict(type='RandomCrops', num_views=1, size=16)], **settings)


def test_files_are_clustered_without_their_random_crops(folder):
    runner, hook = fake_runner(photos(folder)), ClusteringHook(pipeline=[dict(type='ResizeCenterCrop', resize=16, crop=16)])
    hook.before_train(runner)
    seen = []
    runner.model.backbone.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    features, indices = hook.extract(runner)
    assert len(features) == 6 and indices.tolist() == list(range(6))
    expected = ImageFolder(str(folder), labelled=False, pipeline=[dict(type='ResizeCenterCrop', resize=16, crop=16)])[0]
    torch.testing.assert_close(seen[0][0], (expected['inputs'].float() - 100) / 50)
    crops = runner.train_dataloader.dataset[0]['inputs']  # training has its random crop still
    assert [tuple(crop.shape) for crop in crops] == [(3, 16, 16)] and not torch.equal(crops[0], expected['inputs'])
    with pytest.raises(ValueError, match='cuts several views of an image; give the hook a pipeline that makes one'):
        ClusteringHook().extract(runner)


def test_an_image_that_is_replaced_by_another_stops_the_clustering(folder):
    (folder / '3.png').write_bytes(b'no image')
    runner = fake_runner(photos(folder, on_error='skip'))
    hook = ClusteringHook(pipeline=[dict(type='ResizeCenterCrop', resize=16, crop=16)])
    with pytest.raises(RuntimeError, match=r'2 of 6 items were not seen exactly once, the first is 3 \(0 times\).*verify'):
        hook.before_train_epoch(runner)


def extract_on_a_rank(rank, size):
    results = {}
    for count in (IMAGES, 5, 1):
        runner = fake_runner(Digits(size=16, max_images=count, supervision='none'), rank, size)
        results[count] = ClusteringHook().extract(runner)
    runner = fake_runner(rank=rank, size=size)
    ClusteringHook().before_train_epoch(runner)
    return dict(results, labels=runner.model.labels, sampled=list(runner.train_dataloader.sampler))


def test_ranks_take_their_own_part(tmp_path):
    ranks, whole = on_ranks(extract_on_a_rank, tmp_path), extract_on_a_rank(0, 1)
    for count in (IMAGES, 5, 1):  # the last: a rank without images
        assert [len(rank[count][1]) for rank in ranks] == [count // 2, count - count // 2]
        features, indices = (torch.cat([rank[count][part] for rank in ranks]) for part in (0, 1))
        assert torch.equal(indices, whole[count][1])
        torch.testing.assert_close(features, whole[count][0], rtol=1e-4, atol=1e-5)
    assert torch.equal(ranks[0]['labels'], ranks[1]['labels'])
    assert (ranks[0]['labels'] == whole['labels']).float().mean() > 0.9  # up to rounding
    assert len(ranks[0]['sampled']) == len(ranks[1]['sampled']) == 15
