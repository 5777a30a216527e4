"""The detector around the heads: views, memory, ranks, and what it says of data that it cannot use."""

import copy

import pytest
import torch
import torch.distributed as dist
from gloo_ranks import on_ranks
from torch.nn.parallel import DistributedDataParallel

from mmwsl.models.weak.detection import image_views
from mmwsl.models.weak.detection.detector import surrounding_boxes
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

HEADS = [dict(type='WSDDNHead', spatial_weight=1e-4), dict(type='OICRHead', box_branch=True), dict(type='PCLHead')]


def build(head=HEADS[0], **settings):
    torch.manual_seed(0)
    settings = dict(dict(
        backbone=dict(type='ResNet', depth=18, base_channels=4, strides=(1, 1, 1, 1), out_indices=(1,)),
        head=dict(head, num_classes=3), stride=4, region_size=2, fc_channels=(8,), dropout=0.0), **settings)
    return MODELS.build(dict(settings, type='WeakDetector'))


def make_sample(seed, regions=12, tags=(1., 0, 1)):
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(regions, 2, generator=generator) * 20
    boxes = torch.cat([corner, corner + 8 + torch.rand(regions, 2, generator=generator) * 20], dim=1)
    sample = DataSample(index=torch.tensor(seed), proposals=boxes, gt_label=torch.tensor(tags),
                        proposal_scores=torch.rand(regions, generator=generator))
    sample.set_metainfo(dict(img_shape=(48, 48), path=f'photos/{seed}.jpg'))
    return sample


def images(count):
    return torch.randn(count, 3, 48, 48, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize('head', HEADS)
@pytest.mark.parametrize('pool', ['roi_pool', 'roi_align'])
def test_chunks_change_nothing(head, pool):
    """Losses and gradients are those of all regions at once."""
    results = []
    for chunk in (1000, 5):
        model = build(head, pool=pool, chunk=chunk, score_scale=10.0).eval()  # norms without statistics of the batch
        loss = sum(model.loss(images(2), [make_sample(0), make_sample(1)]).values())
        loss.backward()
        results.append((loss.item(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-5)
    assert results[0][1].keys() == results[1][1].keys() and 'backbone.conv1.weight' in results[0][1]
    for name, gradient in results[0][1].items():
        assert torch.allclose(gradient, results[1][1][name], rtol=1e-3, atol=1e-5), name


@pytest.mark.parametrize('head', HEADS)
def test_context_compares_regions_with_what_is_around_them(head):
    """Losses and scores are those of the head on features of the larger boxes, and not those without them."""
    model, plain = build(head, context=0.4).eval(), build(head).eval()
    for each in (model, plain):
        (each.head if head['type'] == 'WSDDNHead' else each.head.streams).region_stream.weight.data.mul_(100)
    sample = make_sample(0)
    boxes = sample.proposals
    around = surrounding_boxes(boxes, 0.4, (48, 48))
    width = boxes[:, 2] - boxes[:, 0]
    assert torch.allclose(around[:, 0], (boxes[:, 0] - 0.4 * width).clamp(min=0))
    assert torch.allclose(around[:, 2], (boxes[:, 2] + 0.4 * width).clamp(max=48))
    maps = model.backbone(images(1))[-1]
    features, larger = model.region_features(maps, [boxes]), model.region_features(maps, [around])
    expected = model.head.loss(features, boxes, torch.tensor([1., 0, 1]), larger)
    losses, without = (each.loss(images(1), [sample]) for each in (model, plain))
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-5), name
    assert losses['loss_tags'].item() != pytest.approx(without['loss_tags'].item(), rel=1e-4)
    scores = model.head.predict(features, boxes, larger)[0].max(0).values
    assert torch.allclose(model.predict(images(1), [sample])[0].pred_scores, scores, atol=1e-6)


def test_chunks_bound_the_memory():
    """What lies in memory at once for thousands of regions is a chunk: counted on what autograd keeps."""
    kept = []
    for chunk in (4000, 500):
        model, sample = build(chunk=chunk, pool='roi_align', region_size=4), make_sample(0, regions=4000)
        total = [0]

        def count(tensor, total=total):
            total[0] += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            sum(model.loss(images(1), [sample]).values())
        kept.append(total[0])
    assert kept[1] < kept[0] / 3


@pytest.mark.parametrize('head', HEADS)
def test_predict_does_not_care_about_the_order_of_proposals(head):
    """With scales and mirror images; the best box of each class is the same."""
    model = build(head, short_sides=(32, 48, 64), flip=True, score_threshold=0.0).eval()
    for parameter in model.head.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    sample, order = make_sample(0), torch.randperm(12, generator=torch.Generator().manual_seed(1))
    other = copy.deepcopy(sample)
    other.proposals = other.proposals[order]
    first, second = model(images(1), [sample], mode='predict') + model(images(1), [other], mode='predict')
    assert torch.allclose(first.pred_top_boxes, second.pred_top_boxes, atol=1e-3)
    assert torch.allclose(first.pred_scores, second.pred_scores, atol=1e-5)
    assert len(first.pred_boxes) == len(second.pred_boxes) > 0
    assert torch.allclose(first.pred_box_scores, second.pred_box_scores, atol=1e-5)
    assert first.pred_box_scores[0].item() == pytest.approx(first.pred_scores.max().item())


def test_predict_is_the_mean_over_views_and_in_pixels_of_the_file():
    sample = make_sample(0)
    sample.set_metainfo(dict(scale_factor=(2.0, 4.0)))
    views = []
    for settings in (dict(), dict(short_sides=(32,)), dict(short_sides=(48, 32)), dict(flip=True)):
        model = build(**settings).eval()
        torch.nn.init.normal_(model.head.class_stream.weight, std=2)
        torch.manual_seed(5)
        torch.nn.init.normal_(model.head.region_stream.weight, std=2)
        torch.nn.init.normal_(model.head.class_stream.weight, std=2)
        with torch.no_grad():
            views.append(model._score(images(1)[0], sample)[0])
        found, = model(images(1), [copy.deepcopy(sample)], mode='predict')
        best = views[-1].argmax(0)
        assert torch.allclose(found.pred_top_boxes, sample.proposals[best] / torch.tensor([2., 4, 2, 4]))
    assert torch.allclose(views[2], (views[0] + views[1]) / 2, atol=1e-6)
    assert (views[0] - views[1]).abs().max() > 1e-4 and (views[0] - views[3]).abs().max() > 1e-6


def test_views_move_boxes_with_the_image():
    """A bright rectangle lies in its box in every view."""
    image, boxes = torch.zeros(1, 40, 80), torch.tensor([[20., 8, 40, 32]])
    image[:, 8:32, 20:40] = 1
    sizes = []
    for view, moved, _, mirrored in image_views(image, boxes, short_sides=(20, 60, 40), longest=100, flip=True):
        left, top, right, bottom = moved[0].round().int().tolist()
        assert view[0, top:bottom, left:right].mean() > 0.9 and view[0].sum() == pytest.approx(
            view[0, top:bottom, left:right].sum().item(), rel=0.15)
        sizes.append((*view.shape[1:], mirrored))
    assert sizes == [(20, 40, False), (20, 40, True), (50, 100, False), (50, 100, True), (40, 80, False), (40, 80, True)]


def gradients(rank, size, head):
    model = build(head).double().eval()
    wrapped = DistributedDataParallel(model, broadcast_buffers=False, find_unused_parameters=True) if size > 1 else model
    part = slice(rank * 4 // size, (rank + 1) * 4 // size)
    samples = [make_sample(number) for number in range(4)][part]
    wrapped_loss = wrapped(images(4).double()[part], samples, mode='loss')
    sum(wrapped_loss.values()).backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def two_ranks(rank, size):
    assert dist.get_world_size() == size
    return [gradients(rank, size, head) for head in HEADS]


def test_two_ranks_are_one(tmp_path):
    """The gradient of two ranks with two images each is that of one with four."""
    found = on_ranks(two_ranks, tmp_path)
    for number, head in enumerate(HEADS):
        expected = gradients(0, 1, head)
        assert set(expected) == set(found[0][number]) == set(found[1][number])
        for name, gradient in expected.items():
            for rank in range(2):
                assert torch.allclose(found[rank][number][name], gradient, rtol=1e-4, atol=1e-7), (head, name)


def change(sample, **fields):
    for name, value in fields.items():
        if value is None:
            delattr(sample, name)
        else:
            setattr(sample, name, value)
    return sample


@pytest.mark.parametrize('fields, settings, message', [
    (dict(proposals=None), {}, "put the data set into dict.type='WithProposals'"),
    (dict(proposals=torch.zeros(0, 4)), {}, 'photos/0.jpg has no proposals; make some for it'),
    (dict(gt_label=None), {}, "the samples have none: set supervision='image'"),
    (dict(gt_label=torch.zeros(5)), {}, 'the images have tags of 5 classes, the head has num_classes=3'),
    (dict(proposal_scores=None), dict(score_scale=10.0), 'score_scale=10.0 takes the scores of proposals')])
def test_data_that_cannot_be_used(fields, settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings).loss(images(1), [change(make_sample(0), **fields)])


def test_single_tag_is_a_class_number_and_unknown_tags_are_left_out():
    model = build().eval()
    one, many = (model.loss(images(1), [change(make_sample(0), gt_label=tags)])['loss_tags'].item()
                 for tags in (torch.tensor(2), torch.tensor([0., 0, 1])))
    unknown = model.loss(images(1), [change(make_sample(0), gt_label=torch.tensor([-1., 0, 1]))])['loss_tags'].item()
    assert one == pytest.approx(many) and unknown < many


def test_unknown_pool():
    with pytest.raises(ValueError, match="pool='max' is unknown; choose one of roi_pool, roi_align"):
        build(pool='max')


@pytest.mark.parametrize('backbone, stride', [
    (dict(type='VGG16', strides=(1, 2, 2, 2, 1), dilations=(1, 1, 1, 1, 2), frozen_stages=2), 8), (dict(type='AlexNet'), 16),
    (dict(type='EfficientNetLite', out_indices=(4,), strides=(2, 2, 2, 1)), 16),
    (dict(type='ResNet', depth=18, base_channels=8, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)), 8)])
def test_backbones(backbone, stride):
    model = build(HEADS[1], backbone=backbone, stride=stride).eval()
    side = 96
    with torch.no_grad():
        height = model.backbone(torch.zeros(1, 3, side, side))[-1].shape[2]
    assert abs(height - side // stride) <= 1
    losses = model.loss(torch.randn(1, 3, side, side), [make_sample(0)])
    sum(losses.values()).backward()
    learning = [p for p in model.backbone.parameters() if p.requires_grad and p.grad is not None and p.grad.abs().sum() > 0]
    assert len(learning) >= 4
