import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from mmwsl.datasets.synthetic.digits import Digits, split_indices
from mmwsl.registry import DATASETS


def test_splits_partition_the_digits_and_keep_class_shares():
    train, test = split_indices('train'), split_indices('test')
    assert (len(train), len(test)) == (1297, 500)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(1797))
    target = load_digits().target
    expected = np.bincount(target) * 500 / 1797
    assert np.abs(np.bincount(target[test]) - expected).max() <= 1
    assert np.array_equal(test, split_indices('test'))


def test_images_are_the_enlarged_digits_in_order():
    dataset = Digits('test', size=8)
    indices = split_indices('test')
    bunch = load_digits()
    # Enlarging 8 to 8 changes nothing: ink 0..16 becomes 0..255.
    expected = np.rint(bunch.images[indices] / 16 * 255)
    assert np.array_equal(dataset.images.numpy(), np.repeat(expected[:, None], 3, axis=1))
    assert dataset.labels.tolist() == bunch.target[indices].tolist()
    assert dataset.metainfo == dict(classes=list('0123456789'))


def test_enlarged_digit_averages_back_to_the_original():
    small, large = Digits('train', size=8).images.float(), Digits('train', size=32).images.float()
    assert large.shape == (1297, 3, 32, 32)
    pooled = torch.nn.functional.avg_pool2d(large, 4)
    assert (pooled - small).abs().mean() < 12  # of 255; blur at edges
    shifted = torch.roll(small, 1, dims=3)
    assert (pooled - small).abs().mean() < 0.3 * (pooled - shifted).abs().mean()


def test_batch_equals_items_and_supervision_hides_labels():
    dataset = DATASETS.build(dict(type='Digits', split='train', max_images=100))
    assert len(dataset) == 100
    batch = dataset.__getitems__([7, 3])
    assert torch.equal(batch['inputs'][1], dataset[3]['inputs'])
    assert batch['data_samples'].gt_label.tolist() == [dataset[7]['data_samples'].gt_label.item(),
                                                       dataset[3]['data_samples'].gt_label.item()]
    hidden = Digits('train', supervision='none')
    assert hidden.labels is None and 'gt_label' not in hidden[0]['data_samples']


@pytest.mark.parametrize('arguments, message', [
    (dict(split='val'), "choose 'train' or 'test'"),
    (dict(size=4), 'choose 8 to 256'),
    (dict(supervision='labels'), 'choose one of'),
    (dict(max_images=0), 'leaves no image'),
])
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Digits(**arguments)
