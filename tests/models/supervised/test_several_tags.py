"""Images with several tags: a head and its loss by hand, one map a tag, their score, and what does not take them."""

import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import average_precision_score

from mmwsl.evaluation.metrics import AccuracyMetric, MultiLabelMetric
from mmwsl.models.heads import MultiLabelHead
from mmwsl.models.weak import ErasingLocalizer, Localizer, LocalizerEnsemble
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=4, stem='cifar', out_indices=(4,))
HEAD = dict(type='MultiLabelHead', num_classes=4, init_std=1)
TAGS = torch.tensor([[1., 0, 0, 1], [0, 1, -1, 0], [0, 0, 0, 0], [1, 1, 0, 1]])


def batch():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(4, 3, 32, 32, generator=generator), DataSample(index=torch.arange(4), gt_label=TAGS.clone())


def test_the_loss_leaves_unknown_tags_out():
    torch.manual_seed(0)
    head, features = MultiLabelHead(3, 2), torch.randn(2, 3, 5, 5)
    tags = torch.tensor([[1., 0.], [-1., 1.]])
    scores = head((features,))
    terms = [F.softplus(-scores[0, 0]), F.softplus(scores[0, 1]), F.softplus(-scores[1, 1])]
    losses = head.loss((features,), tags)
    assert losses['loss'].item() == pytest.approx(sum(terms).item() / 3, rel=1e-6)
    right = (scores[0, 0] > 0).int() + (scores[0, 1] <= 0).int() + (scores[1, 1] > 0).int()
    assert losses['accuracy'].item() == pytest.approx(100 * right.item() / 3)
    losses['loss'].backward()
    alone = torch.autograd.grad(head((features,))[1, 0], head.classifier.weight)[0]
    assert alone[0].abs().sum() > 0 and head.classifier.weight.grad.abs().sum() > 0
    assert head.loss((features,), torch.full((2, 2), -1.0))['loss'].item() == 0  # nothing is known
    assert MultiLabelHead(3, 1)((features,)).shape == (2, 1)  # one tag, there or not


def test_a_classifier_learns_tags_and_is_scored_by_average_precision():
    torch.manual_seed(0)
    model = MODELS.build(dict(type='ImageClassifier', backbone=BACKBONE, head=HEAD))
    images, sample = batch()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(25):
        optimizer.zero_grad()
        losses = model([images], sample, mode='loss')
        losses['loss'].backward()
        optimizer.step()
    assert losses['accuracy'] == 100
    found = model.eval()(images, sample, mode='predict')
    assert torch.allclose(found[0].pred_scores, model.head(model.backbone(images))[0].sigmoid())
    assert any(each.pred_scores.sum() > 1.2 for each in found)  # the classes do not exclude each other
    metric = MultiLabelMetric()
    metric.process(None, [each.to_dict() for each in found] * 2)  # as two ranks score them
    scores = torch.stack([each.pred_scores for each in found])
    precision = [average_precision_score(TAGS[:, c], scores[:, c].detach()) for c in (0, 1, 3)]  # 2 has no image
    assert metric.evaluate(4)['multi_label/mAP'] == pytest.approx(100 * sum(precision) / 3, abs=1e-3)
    flat = MultiLabelMetric()
    flat.process(None, [dict(index=n, gt_label=TAGS[n], pred_scores=torch.zeros(4)) for n in range(4)])
    assert flat.evaluate(4)['multi_label/mAP'] == pytest.approx(100 * (2 + 2 + 2) / 4 / 3, abs=1e-3)


@pytest.mark.parametrize('head', [HEAD, dict(type='ClassificationHead', num_classes=4)])
@pytest.mark.parametrize('maps', ['cam', 'grad_cam'])
def test_one_map_a_tag(maps, head):
    """The best, then every true tag in class order; also of a classifier that was trained with one class an image."""
    torch.manual_seed(0)
    model = Localizer(BACKBONE, head, maps=maps, topk=2).eval()
    images, sample = batch()
    found, scores = model(images, sample, mode='predict'), model.head(model.backbone(images))
    tags = [[0, 3], [1], [], [0, 1, 3]]
    assert [each.pred_map_labels[2:].tolist() for each in found] == tags
    assert [each.pred_map_labels[:2].tolist() for each in found] == scores.topk(2).indices.tolist()
    assert [tuple(each.pred_maps.shape) for each in found] == [(2 + len(each), 32, 32) for each in tags]
    alone = model(images[3:], DataSample(gt_label=torch.tensor([1])), mode='predict')[0]
    if maps == 'cam':
        assert torch.allclose(found[3].pred_maps[3], alone.pred_maps[-1], atol=1e-4)  # tag 1 of the last image
    unlabelled = model(images, DataSample(index=torch.arange(4)), mode='predict')
    assert [each.pred_map_labels.tolist() for each in unlabelled] == scores.topk(2).indices.tolist()


def test_one_map_a_tag_of_several_networks():
    images, sample = batch()
    member = dict(type='Localizer', backbone=BACKBONE, head=HEAD)
    for model in (LocalizerEnsemble([member, member], topk=1), ErasingLocalizer(BACKBONE, HEAD, steps=2, topk=1)):
        found = model.eval()(images, sample.clone(), mode='predict')
        assert [each.pred_map_labels[1:].tolist() for each in found] == [[0, 3], [1], [], [0, 1, 3]]
        assert [len(each.pred_maps) for each in found] == [3, 2, 1, 4]


def test_labels_of_the_other_kind_are_refused():
    images, sample = batch()
    single = DataSample(gt_label=torch.tensor([0, 1, 2, 3]))
    plain = dict(type='ClassificationHead', num_classes=4)
    for head, labels, message in (
            (HEAD, single, r'MultiLabelHead needs tags \(B, 4\).*shape \(4,\): use ClassificationHead'),
            (dict(HEAD, num_classes=3), sample, r'needs tags \(B, 3\).*shape \(4, 4\)'),
            (plain, sample, 'ClassificationHead needs one class per image.*which MultiLabelHead')):
        model = MODELS.build(dict(type='ImageClassifier', backbone=BACKBONE, head=head))
        with pytest.raises(ValueError, match=message):
            model([images], labels, mode='loss')
    with pytest.raises(ValueError, match='have 4 tags each, the head 3 classes'):
        Localizer(BACKBONE, dict(HEAD, num_classes=3))(images, sample, mode='predict')
    tagged = dict(index=0, gt_label=TAGS[0], pred_scores=torch.ones(4), gt_boxes=torch.zeros(1, 4))
    with pytest.raises(ValueError, match='needs one class per image.*MultiLabelMetric'):
        AccuracyMetric().process(None, [tagged])
    with pytest.raises(ValueError, match='one class per image is what AccuracyMetric takes'):
        MultiLabelMetric().process(None, [dict(tagged, gt_label=torch.tensor(1))])
