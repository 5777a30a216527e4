"""Few labels and many clusters: a head for each, each learning from what has a class of its kind."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope

from mmwsl.models.supervised import PseudoLabelClassifier
from mmwsl.structures import DataSample


@pytest.fixture
def model():
    init_default_scope('mmwsl')
    torch.manual_seed(0)
    head = dict(type='ClassificationHead', init_std=1)
    return PseudoLabelClassifier(dict(type='Perceptron', in_channels=5, channels=(4, 3)), dict(head, num_classes=2),
                                 dict(head, num_classes=6), pseudo_weight=.5).double().eval()


def test_losses_by_hand(model):
    rows, labels, clusters = torch.randn(4, 5).double(), torch.tensor([1, -1, 0, -1]), torch.tensor([-1, 5, -1, -1])
    losses = model(rows, DataSample(gt_label=labels, pseudo_label=clusters), mode='loss')
    features = model.backbone(rows)[-1]
    scores = model.head.classifier(features)
    torch.testing.assert_close(losses['loss'], F.cross_entropy(scores[[0, 2]], labels[[0, 2]]))
    torch.testing.assert_close(losses['pseudo_loss'], .5 * F.cross_entropy(model.pseudo_head.classifier(features)[1:2], clusters[1:2]))
    assert losses['accuracy'].item() == 50 * (scores[[0, 2]].argmax(1) == labels[[0, 2]]).sum().item()


def test_a_kind_without_items_adds_nothing(model):
    rows, none = torch.randn(3, 5).double(), torch.full((3,), -1)
    losses = model(rows, DataSample(gt_label=torch.tensor([0, 1, -1]), pseudo_label=none), mode='loss')
    assert losses['pseudo_loss'].item() == 0
    losses = model(rows, DataSample(gt_label=none, pseudo_label=torch.tensor([0, 1, -1])), mode='loss')
    losses['loss'].backward(retain_graph=True)
    assert losses['loss'].item() == 0 and model.backbone.layers[0][0].weight.grad.abs().sum().item() == 0
    losses['pseudo_loss'].backward()
    assert model.backbone.layers[0][0].weight.grad.abs().sum().item() > 0


def test_predictions_are_of_the_labels(model):
    rows = torch.randn(3, 5).double()
    found = model(rows, [DataSample() for _ in range(3)], mode='predict')
    torch.testing.assert_close(torch.stack([sample.pred_scores for sample in found]),
                               model.head(model.backbone(rows)).float().softmax(1))
    assert [each.shape for each in model(rows)] == [(3, 4), (3, 3)]


def test_clusters_are_asked_for(model):
    with pytest.raises(ValueError, match='as FeatureRows'):
        model(torch.randn(2, 5).double(), DataSample(gt_label=torch.tensor([0, 1])), mode='loss')
