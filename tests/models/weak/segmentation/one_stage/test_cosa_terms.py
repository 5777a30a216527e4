"""What CoSA computes of maps: every term against a case worked by hand or a slow loop."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.weak.segmentation.one_stage.cosa_terms import (
    balanced_cross_entropy,
    contrastive_separation,
    guidance_loss,
    normalize_by_range,
    perplexity,
    pseudo_labels,
    refined_labels,
    reliability_weights,
    sharpened_probabilities,
)
from mmwsl.refine import par


def test_range_and_absent_classes():
    maps = torch.tensor([[[[1., 2., 3.]], [[4., 0., 2.]]]])
    found = normalize_by_range(maps, torch.tensor([[1, 0]]), eps=0)
    assert found.tolist() == [[[[0, 0.5, 1]], [[0, 0, 0]]]]


def test_labels_of_two_thresholds():
    maps = torch.tensor([[[[0.9, 0.1, 0.5, 0.3]], [[0.2, 0.2, 0.6, 0.8]]]])
    assert pseudo_labels(maps, 0.25, 0.7).tolist() == [[[1, 0, 255, 2]]]
    assert pseudo_labels(maps, torch.tensor(0.55), torch.tensor(0.55)).tolist() == [[[1, 0, 2, 2]]]


def test_refined_labels_follow_the_image():
    """Of an image of two halves with a map that spills over, by a little."""
    image = torch.zeros(1, 3, 16, 16)
    image[..., 8:] = 1
    maps = torch.zeros(1, 1, 16, 16)
    maps[..., 8:] = 0.9
    maps[..., 7, 9:] = 0.2  # a row that the map missed
    assert pseudo_labels(maps, 0.25, 0.7)[0, 7, 12] == 0
    labels = refined_labels(image, maps, 0.25, 0.7)[0]
    assert (labels[:, 10:] == 1).all() and (labels[:, :6] == 0).all()


def test_refined_labels_are_those_of_all_classes_and_a_background_for_each_threshold():
    generator = torch.Generator().manual_seed(0)
    images, maps = torch.rand(3, 3, 24, 20, generator=generator), torch.rand(3, 6, 24, 20, generator=generator)
    maps *= torch.tensor([[1, 0, 0, 1, 0, 1], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]])[:, :, None, None]  # tags
    small = F.interpolate(images, scale_factor=0.5, mode='bilinear')
    winners = []
    for threshold in (0.6, 0.55):
        planes = F.interpolate(torch.cat([torch.full_like(maps[:, :1], threshold), maps], dim=1), scale_factor=0.5, mode='bilinear')
        winners.append(F.interpolate(par(small, planes), size=(24, 20), mode='bilinear').argmax(1))
    expected = torch.where(winners[0] > 0, winners[0], torch.where(winners[1] > 0, 255, 0))
    assert (refined_labels(images, maps, 0.55, torch.tensor(0.6)) == expected).all()
    assert set(expected[0].unique().tolist()) == {0, 1, 4, 6, 255} and (expected[2] == 0).all()


def test_perplexity_by_hand():
    values, alpha = torch.tensor([1.0, 0.7, 0.4, 0.1, 0.0]), 0.8
    expected = [-math.log(0.8), -math.log(0.4), -math.log(1e-4), -math.log(0.8 * 0.75), -math.log(0.8)]
    assert perplexity(values, 0.4, alpha).tolist() == pytest.approx(expected, rel=1e-5)
    assert perplexity(values, 0.4, alpha, beta=2).tolist() == pytest.approx([each**2 for each in expected], rel=1e-5)


def test_weights_have_a_mean_of_1_and_fall_towards_the_threshold():
    largest = torch.linspace(0, 1, 21).view(1, 3, 7)
    weights = reliability_weights(perplexity(largest, torch.tensor(0.5)))
    assert weights.mean().item() == pytest.approx(1)
    below, above = weights.flatten()[:11], weights.flatten()[10:]
    assert (below.diff() < 0).all() and (above.diff() > 0).all()
    two = reliability_weights(torch.tensor([[[0.5, 2.0]]]))  # reciprocals 2 and 0.5
    assert two.flatten().tolist() == pytest.approx([1.6, 0.4])


def test_weights_over_labels_let_neither_background_nor_objects_count_more():
    # reciprocals 4, 2 of background, 1, 0.25 and 0.25 of objects, 8 of void
    unsure, labels = torch.tensor([[[0.25, 0.5, 1.0], [4.0, 4.0, 0.125]]]), torch.tensor([[[0, 0, 1], [2, 2, 255]]])
    weights = reliability_weights(unsure, labels)
    assert torch.allclose(weights, torch.tensor([[[4 / 3, 2 / 3, 2.0], [0.5, 0.5, 0.0]]]))
    alone = reliability_weights(unsure, torch.zeros_like(labels))  # of one kind alone it is the mean over the image
    assert torch.allclose(alone, reliability_weights(unsure))


def test_background_and_foreground_count_the_same():
    logits = torch.tensor([[[[0., 2., 0., 1.]], [[0., 0., 1., 1.]]]])
    labels = torch.tensor([[[0, 0, 1, 255]]])
    entropies = [math.log(2), math.log1p(math.exp(-2)), math.log1p(math.exp(-1))]
    expected = (entropies[0] + entropies[1]) / 2 / 2 + entropies[2] / 2
    assert balanced_cross_entropy(logits, labels).item() == pytest.approx(expected)
    weights = torch.tensor([[[2., 1., 0.5, 9.]]])
    expected = (2 * entropies[0] + entropies[1]) / 2 / 2 + 0.5 * entropies[2] / 2
    assert balanced_cross_entropy(logits, labels, weights).item() == pytest.approx(expected)
    assert balanced_cross_entropy(logits, torch.full_like(labels, 255)).item() == 0


def test_sharpened_probabilities_by_hand():
    logits = torch.tensor([[[[0.]], [[0.01]], [[5.]]]])
    found = sharpened_probabilities(logits, torch.tensor([[1, 0]])).flatten().tolist()
    assert found == pytest.approx([1 / (1 + math.e), math.e / (1 + math.e), 0], rel=1e-4)


def test_guidance_by_hand():
    maps = torch.tensor([[[[-1., 2.]]]])
    probabilities = torch.tensor([[[[0.2, 0.0]], [[0.8, 1.0]]]])
    expected = (math.log(2) + math.log1p(math.exp(-2))) / 2  # rectified: 0 and 2
    assert guidance_loss(maps, probabilities).item() == pytest.approx(expected)


def slow_separation(maps, labels, unsure, epsilon, temperature):
    totals = []
    for image in range(len(maps)):
        vectors = maps[image].flatten(1).T
        label, sure = labels[image].flatten().tolist(), (unsure[image].flatten() <= epsilon).tolist()
        chosen = [i for i in range(len(label)) if sure[i] and label[i] != 255]

        def similar(i, j, vectors=vectors):
            return torch.cosine_similarity(vectors[i], vectors[j], dim=0) / temperature

        anchors = []
        for i in chosen:
            positives = [p for p in chosen if p != i and label[p] == label[i]]
            negatives = [n for n in chosen if label[n] != label[i]]
            if positives and negatives:
                others = sum(similar(i, n).exp() for n in negatives)
                anchors.append(sum(-(similar(i, p).exp() / (similar(i, p).exp() + others)).log()
                                   for p in positives) / len(positives))
        totals.append(sum(anchors) / len(anchors) if anchors else torch.zeros(()))
    return sum(totals) / len(totals)


def test_separation_by_loop():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(3, 4, 3, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(3, (3, 3, 4), generator=generator)
    labels[0, 0, 0], labels[2] = 255, 1  # one that does not count, and an image without another label
    unsure = torch.rand(3, 3, 4, generator=generator) * 1.5
    found, expected = (function(maps, labels, unsure, 1.0, 0.5) for function in (contrastive_separation, slow_separation))
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    gradients = [torch.autograd.grad(each, maps)[0] for each in (found, expected)]
    assert torch.allclose(*gradients, atol=1e-9)


def test_separation_separates():
    """Steps on it bring the cosine between two labels' vectors down and that within a label up."""
    generator = torch.Generator().manual_seed(0)
    maps = (torch.randn(1, 3, 2, 4, generator=generator) * 0.3 + 1).requires_grad_()
    labels, sure = torch.tensor([[[1, 1, 2, 2]] * 2]).view(1, 2, 4), torch.zeros(1, 2, 4)

    def cosines():
        vectors = torch.nn.functional.normalize(maps.detach(), dim=1)[0].flatten(1)
        table, same = vectors.T @ vectors, labels.flatten()[:, None] == labels.flatten()
        return table[same].mean(), table[~same].mean()

    before, optimizer = cosines(), torch.optim.SGD([maps], lr=1.0)
    for _ in range(40):
        optimizer.zero_grad()
        contrastive_separation(maps, labels, sure).backward()
        optimizer.step()
    after = cosines()
    assert after[0] > before[0] - 0.05 and after[1] < before[1] - 0.5
