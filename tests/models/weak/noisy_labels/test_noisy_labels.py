"""Losses that bear wrong labels, and co-teaching."""

import copy
import functools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from rank_invariance import check_two_ranks

from mmwsl.datasets.synthetic.digits import raw_digits
from mmwsl.datasets.weak_labels import symmetric_noise
from mmwsl.models.weak.noisy_labels.bootstrapping import bootstrapped_cross_entropy
from mmwsl.models.weak.noisy_labels.co_teaching import smallest
from mmwsl.models.weak.noisy_labels.generalized_cross_entropy import generalized_cross_entropy
from mmwsl.models.weak.noisy_labels.symmetric_cross_entropy import reverse_cross_entropy
from mmwsl.registry import HEADS, MODELS
from mmwsl.structures import DataSample

# probabilities of two images and three classes
SCORES = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]).log()
LABELS = torch.tensor([1, 2])


def test_generalized_cross_entropy_by_hand():
    expected = ((1 - 0.3**0.7) / 0.7 + (1 - 0.8**0.7) / 0.7) / 2
    assert generalized_cross_entropy(SCORES, LABELS).item() == pytest.approx(expected, rel=1e-5)
    assert generalized_cross_entropy(SCORES, LABELS, 1.0).item() == pytest.approx((0.7 + 0.2) / 2, rel=1e-5)
    assert generalized_cross_entropy(SCORES.double(), LABELS, 1e-6).item() == pytest.approx(F.cross_entropy(SCORES, LABELS).item(), rel=1e-4)


def test_truncation_leaves_no_gradient_where_the_label_is_unlikely():
    scores = SCORES.clone().requires_grad_()
    loss = generalized_cross_entropy(scores, LABELS, 0.7, truncation=0.5)
    assert loss.item() == pytest.approx(((1 - 0.5**0.7) / 0.7 + (1 - 0.8**0.7) / 0.7) / 2, rel=1e-5)
    loss.backward()
    assert scores.grad[0].abs().max() == 0 and scores.grad[1].abs().max() > 0.01


def test_reverse_cross_entropy_by_hand():
    expected = -math.log(1e-4) * ((0.5 + 0.2) + (0.1 + 0.1)) / 2  # of the label itself log 1 = 0
    assert reverse_cross_entropy(SCORES, LABELS).item() == pytest.approx(expected, rel=1e-5)
    head = HEADS.build(dict(type='SymmetricCrossEntropyHead', in_channels=3, num_classes=3, alpha=2.0, beta=0.5))
    head.classifier.weight.data, head.classifier.bias.data = torch.eye(3), torch.zeros(3)
    value = head.loss(SCORES, LABELS)['loss'].item()
    assert value == pytest.approx(2 * F.cross_entropy(SCORES, LABELS).item() + 0.5 * expected, rel=1e-5)


def test_bootstrapping_by_hand():
    hard = -(0.8 * (math.log(0.3) + math.log(0.8)) + 0.2 * (math.log(0.5) + math.log(0.8))) / 2
    assert bootstrapped_cross_entropy(SCORES, LABELS).item() == pytest.approx(hard, rel=1e-5)
    entropies = sum(p * math.log(p) for p in (0.5, 0.3, 0.2)) + sum(p * math.log(p) for p in (0.1, 0.1, 0.8))
    soft = -(0.95 * (math.log(0.3) + math.log(0.8)) + 0.05 * entropies) / 2
    assert bootstrapped_cross_entropy(SCORES, LABELS, 0.95, hard=False).item() == pytest.approx(soft, rel=1e-5)
    assert [HEADS.build(dict(type='BootstrappingHead', in_channels=3, num_classes=3, hard=hard)).beta for hard in (True, False)] == [0.8, 0.95]


@pytest.mark.parametrize('head, message', [
    (dict(type='GeneralizedCrossEntropyHead', q=0), 'q=0 must be above 0 and at most 1'),
    (dict(type='GeneralizedCrossEntropyHead', truncation=1), 'truncation=1 must be a probability, or None'),
    (dict(type='BootstrappingHead', beta=2), r'beta=2 must be a weight in \[0, 1\], or None'),
])
def test_settings_that_cannot_be(head, message):
    with pytest.raises(ValueError, match=message):
        HEADS.build(dict(head, in_channels=3, num_classes=3))


def test_the_smallest_losses_are_chosen():
    losses = torch.tensor([3.0, 1.0, 2.0, 0.5, 9.0])
    chosen, count = smallest(losses, 0.6)
    assert chosen.tolist() == [False, True, True, True, False] and count == 3
    assert smallest(losses, 0.01)[0].tolist() == [False, False, False, True, False]


BACKBONE = dict(type='ResNet', depth=18, base_channels=4, stem='cifar', out_indices=(2,), norm_cfg=dict(type='SyncBN'))
CO_TEACHING = dict(type='CoTeaching', backbone=BACKBONE, head=dict(type='ClassificationHead', num_classes=3), forget_rate=0.5, ramp=0.5)


def test_each_network_learns_what_the_other_picks():
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(CO_TEACHING)).eval()
    first, second = model.head.classifier.weight, model.second_head.classifier.weight
    assert not torch.equal(first, second)
    images, labels = torch.randn(8, 3, 16, 16), torch.arange(8) % 3
    clean = labels.clone()
    clean[:4] = (clean[:4] + 1) % 3
    samples = DataSample(gt_label=labels, gt_clean_label=clean)
    scores = [head(backbone(images)) for head, backbone in ((model.head, model.backbone), (model.second_head, model.second_backbone))]
    losses = [F.cross_entropy(each, labels, reduction='none') for each in scores]
    everything = model([images], samples, mode='loss')
    assert everything['loss_first'].item() == pytest.approx(losses[0].mean().item(), rel=1e-5)  # nothing is left out yet
    assert everything['selected_clean'].item() == everything['batch_clean'].item() == 50
    for progress, share in ((0.25, 0.75), (0.5, 0.5), (1.0, 0.5)):
        model.after_optimizer_step(progress)
        result, kept = model([images], samples, mode='loss'), int(8 * share)
        picks = [each.argsort()[:kept] for each in losses]
        assert result['loss_first'].item() == pytest.approx(losses[0][picks[1]].mean().item(), rel=1e-5)
        assert result['loss_second'].item() == pytest.approx(losses[1][picks[0]].mean().item(), rel=1e-5)
        assert result['selected_clean'].item() == pytest.approx(100 * (picks[0] >= 4).float().mean().item(), rel=1e-5)
    predicted = model(images, samples, mode='predict')  # what each would pick, where the planted noise is known
    assert [torch.stack([each.pred_selected for each in predicted])[:, number].nonzero()[:, 0].tolist() for number in (0, 1)] == [
        sorted(each.tolist()) for each in picks]
    assert 'pred_selected' not in model(images, DataSample(gt_label=labels), mode='predict')[0]
    resumed = MODELS.build(copy.deepcopy(CO_TEACHING)).eval()
    resumed.load_state_dict(model.state_dict())
    assert resumed.forgotten == 0.5 and resumed([images], samples, mode='loss')['loss_first'].item() == pytest.approx(result['loss_first'].item())
    assert torch.equal(model(images, None, mode='predict')[0].pred_scores, scores[0].softmax(1)[0])


def test_co_teaching_that_cannot_be():
    with pytest.raises(ValueError, match=r'forget_rate=1 must be in \[0, 1\), and ramp=0.5 in'):
        MODELS.build(dict(copy.deepcopy(CO_TEACHING), forget_rate=1))
    with pytest.raises(ValueError, match='MultiLabelHead is for several tags, give a ClassificationHead'):
        MODELS.build(dict(copy.deepcopy(CO_TEACHING), head=dict(type='MultiLabelHead', num_classes=3)))
    backbone = MODELS.build(dict(BACKBONE))
    with pytest.raises(ValueError, match='give backbone and head as configs'):
        MODELS.build(dict(copy.deepcopy(CO_TEACHING), backbone=backbone))


@pytest.fixture(scope='module')
def trained_on_wrong_labels():
    """Function: test accuracy in percent of a small network on 8 x 8 digits, 40 % of whose labels are wrong, by its head."""
    images, truth = raw_digits()
    pixels, truth = torch.tensor(images).flatten(1), torch.tensor(truth)
    order = torch.randperm(len(truth), generator=torch.Generator().manual_seed(0))
    train, test = order[:800], order[800:]
    labels = torch.from_numpy(symmetric_noise(truth[train].numpy(), 0.4, 10, np.random.default_rng(0)))

    def fit(kind):
        torch.manual_seed(0)
        body, head = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU()), HEADS.build(dict(type=kind, in_channels=128, num_classes=10))
        optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=0.01)
        for _ in range(150):
            optimizer.zero_grad()
            head.loss(body(pixels[train]), labels)['loss'].backward()
            optimizer.step()
        return 100 * (head(body(pixels[test])).argmax(1) == truth[test]).float().mean().item()

    return functools.cache(fit)


@pytest.mark.parametrize('kind', ['GeneralizedCrossEntropyHead', 'SymmetricCrossEntropyHead', 'BootstrappingHead'])
def test_remedies_are_nearer_to_the_truth(trained_on_wrong_labels, kind):
    plain, remedied = trained_on_wrong_labels('ClassificationHead'), trained_on_wrong_labels(kind)
    assert plain < 85 and remedied > plain + (8 if kind != 'BootstrappingHead' else 0.5), (plain, remedied)


def test_two_ranks_equal_one(tmp_path):
    backbone = dict(BACKBONE, out_indices=(4,))  # to the last stage: what no loss reaches, ranks would wait for
    check_two_ranks(dict(co_teaching=dict(
        copy.deepcopy(CO_TEACHING), backbone=backbone, ramp=0.0, _views=(16,))), tmp_path)
