import pytest
import torch

from mmwsl.datasets import SyntheticSequences


def test_sequences_are_what_they_say():
    data = SyntheticSequences(num_sequences=200, noise=0.0, supervision='full')
    for index in range(200):
        features, sample = data[index]['inputs'], data[index]['data_samples']
        (start, end), = (sample.gt_segments * 10).round().int().tolist()
        label = sample.gt_label.item()
        weak = features @ torch.tensor(data.weak[label], dtype=torch.float32) / 1.5
        strong = features @ torch.tensor(data.strong[label], dtype=torch.float32) / 4
        assert end - start == 15 and torch.allclose(weak[start:end], torch.tensor(1.5), atol=1e-4)
        assert (strong > 3.9).sum() == 3 and (strong[start:end] > 3.9).sum() == 3
        assert features[:start].abs().sum() + features[end:].abs().sum() == 0
        assert 60 <= len(features) <= 100 and sample.gt_segment_labels.tolist() == [label]
    assert torch.equal(data[3]['inputs'], SyntheticSequences(num_sequences=4, noise=0.0)[3]['inputs'])
    assert len(SyntheticSequences('test', noise=0.0)[3]['inputs']) != len(data[3]['inputs'])
    assert (SyntheticSequences('test').weak == data.weak).all() and 'gt_segments' not in SyntheticSequences()[0]['data_samples']
    assert {data[index]['data_samples'].gt_label.item() for index in range(50)} == set(range(5))
    for wrong in (dict(channels=9), dict(lengths=(10, 20)), dict(lengths=(30, 20)), dict(num_sequences=0), dict(split='x'),
                  dict(supervision='boxes')):
        with pytest.raises(ValueError, match='SyntheticSequences|split='):
            SyntheticSequences(**wrong)
