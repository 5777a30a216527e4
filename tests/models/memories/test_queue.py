import pytest
import torch

from mmwsl.models.memories import FeatureQueue


def test_starts_with_random_unit_rows():
    features = FeatureQueue(500, 4).features
    assert torch.allclose(features.norm(dim=1), torch.ones(500))
    assert features.mean(0).abs().max() < 0.1 and len(features.unique(dim=0)) == 500


@pytest.mark.parametrize('batch', [1, 3, 4, 7])
def test_first_in_first_out_as_a_list(batch):
    queue = FeatureQueue(7, 2)
    plain = [tuple(row) for row in queue.features.tolist()]  # oldest first
    for step in range(9):
        keys = torch.arange(2 * batch).view(batch, 2).float() + 100 * step
        queue.enqueue(keys)
        plain = (plain + [tuple(row) for row in keys.tolist()])[-7:]
        position = queue.position.item()
        assert [tuple(row) for row in queue.features.roll(-position, 0).tolist()] == plain


def test_a_checkpoint_carries_contents_and_position():
    queue, other = FeatureQueue(5, 2), FeatureQueue(5, 2)
    queue.enqueue(torch.ones(3, 2))
    other.load_state_dict(queue.state_dict())
    for memory in (queue, other):
        memory.enqueue(torch.full((4, 2), 2.0))
    assert torch.equal(other.features, queue.features)
    assert other.position.item() == queue.position.item() == 2


def test_keys_carry_no_gradient():
    queue, keys = FeatureQueue(5, 2), torch.ones(2, 2, requires_grad=True)
    queue.enqueue(keys * 2)
    assert not queue.features.requires_grad and queue.features[:2].tolist() == [[2, 2], [2, 2]]


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match='6 keys do not fit a queue of 5 rows; make the queue longer'):
        FeatureQueue(5, 2).enqueue(torch.zeros(6, 2))
    with pytest.raises(ValueError, match='positive length and width, got 0 and 4'):
        FeatureQueue(0, 4)
