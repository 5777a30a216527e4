import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.memories import FeatureBank


def test_starts_with_unit_rows_that_a_checkpoint_carries():
    bank = FeatureBank(20, 8)
    torch.testing.assert_close(bank.features.norm(dim=1), torch.ones(20))
    assert bank.features.unique(dim=0).shape == (20, 8)
    other = FeatureBank(20, 8)
    assert not torch.equal(bank.features, other.features)
    other.load_state_dict(bank.state_dict())
    assert torch.equal(bank.features, other.features)


def test_update_is_the_direction_of_the_moving_average():
    torch.manual_seed(0)
    bank, index, new = FeatureBank(20, 8), torch.tensor([7, 0, 19]), 5 * torch.randn(3, 8)  # lengths must not count
    before = bank.features.clone()
    bank.update(index, new, momentum=0.3)
    for row in range(20):
        if row in index:
            value = new[index.tolist().index(row)]
            mean = 0.3 * before[row] + 0.7 * value / value.norm()
            torch.testing.assert_close(bank.features[row], mean / mean.norm())
        else:
            assert torch.equal(bank.features[row], before[row])


def test_update_keeps_the_bank_in_its_dtype():
    bank = FeatureBank(4, 8)
    bank.update(torch.tensor([1]), F.normalize(torch.randn(1, 8)).bfloat16())
    assert bank.features.dtype == torch.float32


def test_errors():
    with pytest.raises(ValueError, match='needs a positive length and width, got 0 and 8'):
        FeatureBank(0, 8)
    bank = FeatureBank(20, 8)
    bank.check(torch.tensor([0, 19]))
    with pytest.raises(ValueError, match='an image has position 20 in the data set, but the feature bank has 20 rows'):
        bank.check(torch.tensor([0, 20]))
