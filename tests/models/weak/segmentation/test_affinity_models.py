"""PSA's and IRN's losses by hand and by loops, on two ranks, and what their walks make of maps."""

import copy

import pytest
import torch
import torch.nn as nn
from gloo_ranks import on_ranks
from torch.nn.parallel import DistributedDataParallel

from mmwsl.models.weak import IRN, AffinityNet
from mmwsl.models.weak.segmentation.irn import displacement_losses, irn_loss
from mmwsl.models.weak.segmentation.pairs import compare_pairs
from mmwsl.models.weak.segmentation.psa import against_background, psa_loss
from mmwsl.refine.random_walk import feature_affinity, half_disk
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=8, strides=(1, 1, 2, 1))
PSA = dict(backbone=dict(BACKBONE, out_indices=(1, 2, 3), norm_eval=True), channels=(4, 4, 8), radius=3)
RELATIONS = dict(backbone=dict(BACKBONE, out_indices=(0, 1, 2, 3, 4)), edge_channels=8,
                 displacement_channels=(8, 8, 16, 16, 16), radius=4)
MODELS = dict(psa=(AffinityNet, PSA), irn=(IRN, RELATIONS))


def samples(count=4, side=16):
    """Labels of squares on background with a void border; the first image has hardly any pairs."""
    masks = torch.zeros(count, side, side, dtype=torch.uint8)
    for index, mask in enumerate(masks):
        mask[4:12, 3:7 + index] = 255
        mask[5:11, 4:6 + index] = 1 + index % 2
    masks[0, :, 4:] = 255
    return [DataSample(gt_mask=mask) for mask in masks]


def test_psa_loss_weighs_a_quarter_a_quarter_a_half():
    """Four pixels in a row, 0 0 1 1, of features whose neighbors differ by ln 2, ln 2 and ln 4."""
    features = torch.tensor([0.0, 1, 2, 4]).mul(torch.tensor(2.0).log()).view(1, 1, 1, 4)
    labels = torch.tensor([[[0, 0, 1, 1]]])
    losses = psa_loss(feature_affinity(features, 2), labels, 2)
    assert losses['loss_background'].item() == pytest.approx(0.6931 / 4, abs=1e-4)
    assert losses['loss_foreground'].item() == pytest.approx(2 * 0.6931 / 4, abs=1e-4)
    assert losses['loss_different'].item() == pytest.approx(0.6931 / 2, abs=1e-4)  # 1 - 1 / 2


def test_irn_loss_by_hand():
    """A row 0 1 1 with edges .5 0 0, whose neighbors and next but one are pairs."""
    edges = torch.tensor([[[0.5, 0, 0]]])
    displacement = torch.zeros(1, 2, 1, 3)
    displacement[0, 1, 0] = torch.tensor([5.0, 0.75, -0.5])
    losses = irn_loss(edges, displacement, torch.tensor([[[0, 1, 1]]]), 3)
    assert losses['loss_alike'].item() == pytest.approx(0, abs=1e-4)
    assert losses['loss_different'].item() == pytest.approx(0.6931 / 2, abs=1e-4)  # both different pairs cross .5
    assert losses['loss_displacement_background'].item() == 0
    # 0.75 + 0.5 instead of 1 to the right, 0 instead of 0 down
    assert losses['loss_displacement_foreground'].item() == pytest.approx(0.125 / 2)


def test_displacement_losses_by_loops():
    generator, offsets = torch.Generator().manual_seed(0), half_disk(3)
    displacement = torch.randn(2, 2, 5, 6, dtype=torch.float64, generator=generator)
    labels = torch.tensor([0, 1, 2, 255])[torch.randint(4, (2, 5, 6), generator=generator)]
    found = displacement_losses(displacement, compare_pairs(labels, offsets), offsets)
    still, pointing = [], []
    for b in range(2):
        for down, right in offsets:
            for y in range(5):
                for x in range(6):
                    if not (0 <= y + down < 5 and 0 <= x + right < 6):
                        continue
                    label, other = labels[b, y, x].item(), labels[b, y + down, x + right].item()
                    if label != other or label == 255:
                        continue
                    change = (displacement[b, :, y, x] - displacement[b, :, y + down, x + right]).tolist()
                    if label == 0:
                        still.append((abs(change[0]) + abs(change[1])) / 2)
                    else:
                        pointing.append((abs(change[0] - down) + abs(change[1] - right)) / 2)
    assert [loss.item() for loss in found] == pytest.approx([sum(still) / len(still), sum(pointing) / len(pointing)])


def test_displacements_to_one_middle_cost_nothing():
    """Every pixel of a square says where its middle is; of the background all say the same."""
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    labels[0, 2:7, 2:7] = 3
    place = torch.stack(torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing='ij'))
    displacement = torch.where(labels > 0, 4 - place, 0.5)[None]
    offsets = half_disk(4)
    assert [loss.item() for loss in displacement_losses(displacement, compare_pairs(labels, offsets), offsets)] == [0, 0]


def test_shares_against_the_background():
    scores = torch.tensor([0.2, 0.3, 0.1, 0.0]).view(1, 4, 1, 1)
    torch.testing.assert_close(against_background(scores).flatten(), torch.tensor([0.6, 1 / 3, 0.0]))
    assert against_background(torch.zeros(1, 2, 1, 1)).item() == 0


def build(name):
    torch.manual_seed(0)
    method, settings = MODELS[name]
    return method(**copy.deepcopy(settings)).double()


def step_on_a_rank(rank, size):
    """Gradients and state of a step of each method on this rank's share of four images."""
    images = torch.randn(4, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    own = slice(rank * 4 // size, (rank + 1) * 4 // size)
    results = {}
    for name in MODELS:
        model = build(name).train()
        wrapped = DistributedDataParallel(model, broadcast_buffers=False, find_unused_parameters=True) \
            if size > 1 else model
        losses = wrapped(images[own], samples()[own], mode='loss')
        sum(losses.values()).backward()
        results[name] = dict(
            losses=torch.stack(list(losses.values())).detach(), state=model.state_dict(),
            gradients={key: p.grad for key, p in model.named_parameters() if p.grad is not None})
    return results


def test_two_ranks_are_one(tmp_path):
    """Images with unlike numbers of pairs: losses, gradients and buffers, in fp64."""
    expected, ranks = step_on_a_rank(0, 1), on_ranks(step_on_a_rank, tmp_path)
    for name, one in expected.items():
        torch.testing.assert_close(sum(each[name]['losses'] for each in ranks) / 2, one['losses'], rtol=1e-10, atol=0)
        assert len(one['gradients']) > 5
        for rank in ranks:
            assert rank[name]['gradients'].keys() == one['gradients'].keys()
            for key, gradient in one['gradients'].items():
                assert gradient.abs().max() > 0
                torch.testing.assert_close(rank[name]['gradients'][key], gradient, rtol=1e-8, atol=1e-12, msg=key)
            for key, value in one['state'].items():
                torch.testing.assert_close(rank[name]['state'][key], value, rtol=1e-10, atol=1e-12, msg=key)
    assert expected['irn']['state']['mean_displacement'].abs().min() > 0


def test_irn_learns_nothing_in_its_backbone():
    model = build('irn').train()
    sum(model.loss(torch.randn(4, 3, 16, 16).double(), samples()).values()).backward()
    assert all(parameter.grad is None for parameter in model.backbone.parameters())
    assert not model.backbone.training and model.edge_branch.training
    assert all(parameter.grad.abs().max() > 0 for parameter in model.edge_branch.parameters())


class Pixels(nn.Module):
    """Three maps: the image itself."""

    out_channels = (3, 3, 3)

    def forward(self, images):
        return (images,) * 3


def test_psa_walk_fills_what_looks_alike():
    """A seed within a red half fills it and not the blue half; the background keeps the rest."""
    model = AffinityNet(Pixels(), channels=(3, 3, 3), radius=3, power=4).eval()
    for reduction in model.reductions:
        nn.init.eye_(reduction.weight[:, :, 0, 0])
    nn.init.eye_(model.joined.weight[:, :, 0, 0])
    image = torch.zeros(3, 12, 16)
    image[0, :, :8], image[2, :, 8:] = 20, 20
    maps = torch.zeros(1, 6, 8)
    maps[0, 2:4, 1:3] = 1
    shares = model.propagate_maps(image, maps)
    assert shares.shape == (1, 12, 16) and shares[..., 8:].max() == 0
    assert 0 < shares[..., :8].min() and shares[..., :8].max() - shares[..., :8].min() < 0.02
    assert model.propagate_maps(image, maps[:0]).shape == (0, 12, 16)


def test_irn_walk_is_of_edges_and_its_largest_value_is_one():
    model = build('irn').float().eval()
    images, maps = torch.randn(2, 3, 16, 24), torch.rand(2, 2, 5, 6)
    walked = model.propagate_maps(images, maps)
    assert walked.shape == (2, 2, 4, 6)  # of the first stage
    assert walked.amax((1, 2, 3)).tolist() == [1, 1]
    torch.testing.assert_close(model.propagate_maps(images[1], maps[1]), walked[1], rtol=1e-4, atol=1e-5)
    mirrored = model.propagate_maps(images.flip(3), maps.flip(3)).flip(3)
    assert model._edges(images).std() > 0
    torch.testing.assert_close(mirrored, walked, rtol=1e-3, atol=1e-4)


def test_levels_must_fit():
    with pytest.raises(ValueError, match='returns 2; set its out_indices'):
        AffinityNet(dict(PSA['backbone'], out_indices=(1, 2)))
    with pytest.raises(ValueError, match='there must be as many'):
        IRN(dict(BACKBONE, out_indices=(1, 2)))
