"""Planted wrong labels."""

import numpy as np
import pytest
import torch

from mmwsl.datasets import DigitScenes, NoisyLabels, Shapes
from mmwsl.datasets.weak_labels import asymmetric_noise, instance_noise, noisy_tags, symmetric_noise


def labels(count=6000, classes=5):
    return np.arange(count) % classes


def test_symmetric_noise_goes_to_every_other_class_alike():
    noisy = symmetric_noise(labels(), 0.4, 5, np.random.default_rng(0))
    wrong = noisy != labels()
    assert wrong.mean() == pytest.approx(0.4, abs=0.02)
    steps = np.bincount((noisy - labels())[wrong] % 5, minlength=5) / wrong.sum()
    assert steps[0] == 0 and np.allclose(steps[1:], 0.25, atol=0.03)
    assert (symmetric_noise(labels(), 0.0, 5, np.random.default_rng(0)) == labels()).all()
    assert (symmetric_noise(labels(), 0.4, 5, np.random.default_rng(0)) == noisy).all()


def test_asymmetric_noise_goes_to_one_class():
    noisy = asymmetric_noise(labels(), 0.3, 5, np.random.default_rng(0), {0: 3, 3: 0})
    wrong = noisy != labels()
    assert set(labels()[wrong]) == {0, 3} and wrong.sum() == pytest.approx(0.3 * 2400, abs=80)
    assert (noisy[wrong] == 3 - labels()[wrong]).all()
    following = asymmetric_noise(labels(), 0.3, 5, np.random.default_rng(0))
    wrong = following != labels()
    assert (following[wrong] == (labels()[wrong] + 1) % 5).all()


def test_instance_noise_depends_on_the_image():
    """Of two kinds of images in each class, each kind is taken for classes of its own."""
    features = np.where(np.arange(6000)[:, None] // 5 % 2, 4.0, -4.0) * np.ones((1, 8))
    noisy = instance_noise(labels(), 0.3, 5, np.random.default_rng(0), features)
    wrong = noisy != labels()
    assert wrong.mean() == pytest.approx(0.3, abs=0.03)
    for label in range(5):
        own = (labels() == label) & wrong
        one, other = (np.bincount(noisy[own & (features[:, 0] * sign > 0)], minlength=5) for sign in (1, -1))
        assert one[label] == other[label] == 0 and one.argmax() != other.argmax()
    again = instance_noise(labels(), 0.3, 5, np.random.default_rng(0), features)
    assert (again == noisy).all()
    random = np.random.default_rng(1).standard_normal((6000, 8))
    by_image = instance_noise(labels(), 0.3, 5, np.random.default_rng(0), random)
    assert by_image.min() >= 0 and by_image.max() <= 4 and (by_image != labels()).mean() == pytest.approx(0.3, abs=0.03)


def test_tags_move_and_keep_their_number():
    tags = np.tile(np.array([[1, 0, 0, -1], [1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], np.float32), (500, 1))
    noisy = noisy_tags(tags, 0.5, np.random.default_rng(0))
    assert (noisy.sum(1) == tags.sum(1)).all() and ((noisy == -1) == (tags == -1)).all()
    assert (noisy[2::4] == 1).all() and (noisy[3::4] == 0).all()  # there is nowhere to go
    assert (noisy[::4, 0] == 0).mean() == pytest.approx(0.5, abs=0.07)
    moved = noisy_tags(tags, 0.5, np.random.default_rng(0), {0: 1})
    assert set(map(tuple, moved[::4])) == {(1, 0, 0, -1), (0, 1, 0, -1)} and (moved[1::4] == tags[1::4]).all()


@pytest.mark.parametrize('kind', ['symmetric', 'asymmetric', 'instance'])
def test_a_set_with_wrong_labels(kind):
    scenes = dict(type='DigitScenes', split='train', num_scenes=60, size=32, digit_scale=(0.6, 0.9), in_memory=True)
    dataset, truth = NoisyLabels(scenes, kind, 0.4), DigitScenes(**{k: v for k, v in scenes.items() if k != 'type'})
    assert torch.equal(dataset.clean_labels, truth.labels) and 10 <= (dataset.labels != truth.labels).sum() <= 38
    batch = dataset.__getitems__([5, 2])
    assert torch.equal(batch['data_samples'].gt_label, dataset.labels[[5, 2]])
    assert torch.equal(batch['data_samples'].gt_clean_label, truth.labels[[5, 2]])
    assert torch.equal(batch['inputs'], truth.__getitems__([5, 2])['inputs'])
    assert dataset[5]['data_samples'].gt_label == dataset.labels[5]
    assert torch.equal(NoisyLabels(scenes, kind, 0.4).labels, dataset.labels)
    assert not torch.equal(NoisyLabels(scenes, kind, 0.4, seed=1).labels, dataset.labels)
    assert torch.equal(NoisyLabels(scenes, kind, 0.0).labels, truth.labels) or kind == 'instance'


def test_tags_of_a_set():
    shapes = Shapes('train', 40, 32, objects=(1, 2))
    noisy = NoisyLabels(shapes, 'asymmetric', 0.9)
    assert (noisy.labels.sum(1) == shapes.labels.sum(1)).all() and (noisy.labels != shapes.labels).any()
    with pytest.raises(ValueError, match="kind='instance' is of one class an image, and Shapes has tags"):
        NoisyLabels(shapes, 'instance')


@pytest.mark.parametrize('settings, message', [
    (dict(kind='odd'), "kind='odd' is unknown; choose one of symmetric, asymmetric, instance"),
    (dict(rate=1), 'rate=1 must be a share of the labels, at least 0 and below 1'),
    (dict(dataset=dict(type='Shapes', num_images=4, size=32, supervision='none')), "Shapes has no labels to spoil; set supervision='image'"),
])
def test_what_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        NoisyLabels(**dict(dict(dataset=dict(type='Shapes', num_images=4, size=32)), **settings))
