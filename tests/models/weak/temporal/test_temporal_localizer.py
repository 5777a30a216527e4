"""Hide-and-Seek in time: what is hidden, what that does to a filter, and how much of an action is found."""

import numpy as np
import pytest
import torch

from mmwsl.evaluation.functional.temporal import segments_from_scores, temporal_average_precision
from mmwsl.models.weak import TemporalLocalizer, hide_segments
from mmwsl.structures import DataSample, stack_samples


def test_whole_segments_are_hidden_and_nothing_else():
    torch.manual_seed(0)
    features, fill = torch.rand(64, 40, 3), torch.tensor([7.0, 8.0, 9.0])
    lengths = torch.full((64,), 40)
    hidden = hide_segments(features, lengths, fill, segments=20, hide_prob=0.3)
    gone = (hidden == fill).all(2)
    assert torch.equal(hidden[~gone], features[~gone])
    assert torch.equal(gone[:, ::2], gone[:, 1::2])  # 20 segments of two steps
    assert gone.float().mean().item() == pytest.approx(0.3, abs=0.05)
    short = hide_segments(features[:1], torch.tensor([10]), fill, segments=5, hide_prob=0.5)
    pairs = (short[0, :10] == fill).all(1).view(5, 2)
    assert torch.equal(pairs[:, 0], pairs[:, 1])
    assert torch.equal(hide_segments(features, lengths, fill, hide_prob=0.0), features)


def test_the_mean_keeps_the_expected_response():
    torch.manual_seed(0)
    features = torch.rand(500, 20, 4) + torch.tensor([0.0, 1.0, 2.0, 3.0])
    weight, lengths = torch.randn(4), torch.full((500,), 20)
    expected = (features @ weight).mean()
    for fill, same in ((features.mean((0, 1)), True), (torch.zeros(4), False)):
        response = torch.stack([(hide_segments(features, lengths, fill) @ weight).mean() for _ in range(20)]).mean()
        assert (abs(response - expected) < 0.02).item() == same


def test_temporal_maps_by_hand():
    torch.manual_seed(0)
    model = TemporalLocalizer(3, 4, channels=5).eval()
    inputs, sample = torch.randn(2, 6, 3), DataSample(lengths=torch.tensor([6, 4]), gt_label=torch.tensor([1, 0]))
    found = model(inputs, sample, mode='predict')
    x = model.layers(inputs)
    assert torch.allclose(found[1].pred_maps[2], x[1, :4] @ model.classifier.weight[2], atol=1e-6)
    assert torch.allclose(found[1].pred_scores, model.classifier(x[1, :4].amax(0)).softmax(0), atol=1e-6)  # not the padding
    with pytest.raises(ValueError, match='fill has shape'):
        TemporalLocalizer(3, 4, fill=[0.0])


def sequences(count, seed):
    """Actions of 12 of 60 steps: four that tell the class plainly, the others less so; noise around."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(4, size=count)
    features = generator.normal(0, 0.5, (count, 60, 8)).astype(np.float32)
    starts = generator.integers(0, 48, size=count)
    for feature, label, start in zip(features, labels, starts, strict=True):
        feature[start:start + 12, 4 + label] += 1.5  # the action
        feature[start + 4:start + 8, label] += 4.0  # its plainest part
    return torch.from_numpy(features), torch.from_numpy(labels), starts


@pytest.mark.slow
@pytest.mark.parametrize('segments', [0, 20])
def test_it_finds_the_action(segments):
    """The plainest part of the action is a third of it, so an IoU above 0.3 is what its detection can have."""
    features, labels, _ = sequences(300, 10)
    torch.manual_seed(0)
    model = TemporalLocalizer(8, 4, channels=32, segments=segments, fill=features.mean((0, 1)))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        model(features, DataSample(lengths=torch.full((300,), 60), gt_label=labels), mode='loss')['loss'].backward()
        optimizer.step()
    features, labels, starts = sequences(200, 100)
    batch = stack_samples(model.eval()(features, DataSample(lengths=torch.full((200,), 60)), mode='predict'))
    assert (batch.pred_scores.argmax(1) == labels).float().mean() > 0.95
    detections = [(row, start, end, score) for row, label in enumerate(labels.tolist())
                  for (start, end), score in zip(*segments_from_scores(batch.pred_maps[row, label].detach()), strict=True)]
    truths = [(row, start, start + 12) for row, start in enumerate(starts.tolist())]
    assert temporal_average_precision(detections, truths, 0.3) > 0.8
