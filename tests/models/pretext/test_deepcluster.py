import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

from mmwsl.clustering import normalized_mutual_information
from mmwsl.losses import cluster_weights, reweighted_cross_entropy
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

IMAGES, KINDS = 120, 4


def model_cfg(**settings):
    return dict(dict(
        type='DeepCluster', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        head=dict(type='ClassificationHead', in_channels=32, num_classes=8), num_images=IMAGES, pca_dims=4), **settings)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(copy.deepcopy(model_cfg(**settings)))


def pictures(seed=0):
    """Images of four kinds (stripes of four directions) with other contrasts, places and noise; and their kinds."""
    generator = torch.Generator().manual_seed(seed)
    row, column = torch.meshgrid(torch.arange(16.), torch.arange(16.), indexing='ij')
    kinds = torch.arange(IMAGES) % KINDS
    waves = torch.stack([row, column, row + column, row - column])[kinds]
    shift = 6 * torch.rand(IMAGES, 1, 1, generator=generator)
    images = ((waves + shift) * 1.2).sin()[:, None].repeat(1, 3, 1, 1)
    return images + 0.3 * torch.randn(images.shape, generator=generator), kinds


def cluster(model, images, seed=0):
    model.eval()
    with torch.no_grad():
        features = model.cluster_features(images)
    return model.cluster(features, torch.arange(IMAGES), seed)


def sample(index, labels=None):
    return DataSample(index=torch.as_tensor(index))


def test_loss_is_the_cross_entropy_of_the_labels_of_these_images():
    model = build().eval()
    images, _ = pictures()
    cluster(model, images)
    index = torch.tensor([7, 3, 3, 100])
    result = model([images[index]], sample(index), mode='loss')
    scores = model.head.classifier(model.backbone(images[index])[0].mean((2, 3)))
    log_probability = scores - scores.exp().sum(1, keepdim=True).log()
    expected = -sum(log_probability[i, model.labels[j]] for i, j in enumerate(index)) / 4
    torch.testing.assert_close(result['loss'], expected)
    right = sum(scores[i].argmax() == model.labels[j] for i, j in enumerate(index)) / 4 * 100
    assert result['accuracy'] == right


def test_reweighted_loss():
    model = build(reweight=True).eval()
    images, _ = pictures()
    cluster(model, images)
    assert torch.equal(model.counts, torch.bincount(model.labels, minlength=8))
    index = torch.arange(30)
    result = model([images[index]], sample(index), mode='loss')
    sizes = np.bincount(model.labels.numpy(), minlength=8)
    weights = (sizes + 1e-10)**-0.5
    weights = torch.tensor(weights / weights.sum()).float()
    scores = model.head(model.backbone(images[index]))
    torch.testing.assert_close(result['loss'], F.cross_entropy(scores, model.labels[index], weights))
    torch.testing.assert_close(cluster_weights(model.counts, eps=1e-10).float(), weights)
    half = reweighted_cross_entropy(scores.bfloat16(), model.labels[index], weights)
    assert half.dtype == torch.float32


def test_learns_and_finds_the_kinds():
    """Two rounds of clustering and training: pseudo-labels are learnt, and come nearer to what is in the images."""
    model = build(pca_dims=16)
    optimizer = torch.optim.SGD([dict(params=model.backbone.parameters(), momentum=0.9),
                                 dict(params=model.head.parameters())], lr=0.2)
    images, kinds = pictures()
    agreement = []
    for epoch in range(3):
        cluster(model, images, seed=epoch)
        agreement.append(normalized_mutual_information(model.labels, kinds))
        if epoch == 2:
            break
        model.train()
        generator, accuracy = torch.Generator().manual_seed(epoch), []
        for _ in range(40):
            index = torch.randint(IMAGES, (32,), generator=generator)
            views = images[index] + 0.1 * torch.randn(32, 3, 16, 16, generator=generator)
            result = model([views], sample(index), mode='loss')
            optimizer.zero_grad()
            result['loss'].backward()
            optimizer.step()
            accuracy.append(result['accuracy'].item())
        assert np.mean(accuracy[-5:]) > np.mean(accuracy[:3]) + 20
    assert np.mean(accuracy[-5:]) > 70
    assert agreement[2] > agreement[0] + 0.15
    assert result['embedding_std'] > 0.2


def test_clustering_starts_the_head_anew_and_reports():
    model, (images, _) = build(), pictures()
    first = cluster(model, images, seed=1)
    assert first['clusters'] == 8 and 0 < first['objective'] < 2 and 'nmi' not in first
    weight, labels = model.head.classifier.weight.detach().clone(), model.labels.clone()
    assert weight.std() == pytest.approx(0.01, rel=0.2) and (model.head.classifier.bias == 0).all()
    model.head.classifier.bias.data.fill_(3)
    second = cluster(model, images, seed=2)
    assert second['nmi'] == pytest.approx(normalized_mutual_information(labels, model.labels))
    assert not torch.equal(model.head.classifier.weight, weight) and (model.head.classifier.bias == 0).all()
    cluster(model, images, seed=1)
    assert torch.equal(model.head.classifier.weight, weight) and torch.equal(model.labels, labels)


def test_rows_may_come_in_any_order():
    model, (images, _) = build(), pictures()
    model.eval()
    order = torch.randperm(IMAGES, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.cluster_features(images)
    model.kmeans = dict(init=F.normalize(features[:8, :4]))
    model.pca_dims = None
    model.head = MODELS.build(dict(type='ClassificationHead', in_channels=32, num_classes=8))
    model.kmeans = dict(init=F.normalize(features[:8]))
    model.cluster(features, torch.arange(IMAGES), 0)
    labels = model.labels.clone()
    model.cluster(features[order], order, 0)
    assert torch.equal(model.labels, labels)
    with pytest.raises(RuntimeError, match='2 of 120 items were not seen exactly once'):
        model.cluster(features, torch.arange(IMAGES).clamp(max=IMAGES - 2), 0)


def test_sobel_prefilter():
    """The backbone sees the gradients of the grey image, in training, clustering and benchmark alike."""
    model = build(sobel=True, backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar', in_channels=2)).eval()
    images, _ = pictures()
    seen = []
    model.backbone.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    cluster(model, images)
    model.features(images[:5])
    model([images[:5].contiguous(memory_format=torch.channels_last)], sample(range(5)), mode='loss')
    grey = images[:5].double().mean(1).numpy()
    across = np.zeros((5, 2, 14, 14))
    for i in range(14):
        for j in range(14):
            window = grey[:, i:i + 3, j:j + 3]
            across[:, 0, i, j] = (window * np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])).sum((1, 2))
            across[:, 1, i, j] = (window * np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])).sum((1, 2))
    for edges in seen:
        np.testing.assert_allclose(edges[:5, :, 1:-1, 1:-1].numpy(), across, atol=1e-5)
    assert seen[2].is_contiguous(memory_format=torch.channels_last) and not list(model.prefilter.__dict__)


def test_bad_settings(monkeypatch):
    with pytest.raises(ValueError, match='8 clusters .head.num_classes. of 7 images .num_images. are impossible'):
        build(num_images=7)
    with pytest.raises(ValueError, match='pca_dims=33 of 32 features'):
        build(pca_dims=33)
    monkeypatch.setitem(__import__('sys').modules, 'faiss', None)
    with pytest.raises(ImportError, match='faiss is not installed'):
        build(kmeans=dict(engine='faiss'))
    with pytest.raises(RuntimeError, match="no labels yet: add dict.type='ClusteringHook'."):
        build()([pictures()[0][:4]], sample(range(4)), mode='loss')


TINY = """
_base_ = 'mmwsl::selfsup/deepcluster/deepcluster_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32, num_classes=10), num_images=320, pca_dims=16)
""" + TINY_DATA + """
data_preprocessor = dict(views=[[crop]])
"""


def test_resume(tmp_path):
    """Also in the middle of an epoch: same labels, same order of the sampler, no second clustering."""
    check_resume(tmp_path, TINY, changed=['labels', 'head.classifier.weight', 'counts'])
