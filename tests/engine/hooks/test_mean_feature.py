from types import SimpleNamespace

import pytest
import torch

from mmwsl.datasets import Digits, SyntheticSequences
from mmwsl.engine.hooks import MeanFeatureHook


def runner(dataset, channels):
    model = torch.nn.Module()
    model.register_buffer('fill', torch.zeros(channels))
    return SimpleNamespace(model=model, train_dataloader=SimpleNamespace(dataset=dataset))


def test_the_fill_is_the_mean_step_of_the_dataset():
    dataset = SyntheticSequences(num_sequences=8)
    run = runner(dataset, 32)
    MeanFeatureHook().before_train(run)
    steps = torch.cat([dataset[index]['inputs'] for index in range(8)])
    assert torch.allclose(run.model.fill, steps.mean(0), atol=1e-6)


@pytest.mark.parametrize('dataset, channels, message', [
    (Digits('test', max_images=4), 32, r'Digits has no mean_feature\(\); derive it from mmwsl.datasets.SequenceDataset'),
    (SyntheticSequences(num_sequences=2), 16, '32 channels, the model is made for 16')])
def test_datasets_without_a_mean_that_fits(dataset, channels, message):
    with pytest.raises(ValueError, match=message):
        MeanFeatureHook().before_train(runner(dataset, channels))
