import pytest
import torch
import torch.nn as nn

from mmwsl.models.backbones.staged import StagedBackbone


class Doubling(StagedBackbone):
    """Stage n multiplies by 2^n, in two parts of which the second one counts its calls."""

    def __init__(self, out_indices):
        super().__init__(out_indices, range(1, 4), '1..3')
        self.runs = []
        for number in range(1, 4):
            factor = nn.Conv2d(1, 1, 1, bias=False)
            nn.init.constant_(factor.weight, 2**number)
            note = nn.Identity()
            note.register_forward_hook(lambda *_, number=number: self.runs.append(number))
            self.add_stage(number, {f'factor{number}': factor, f'note{number}': note})


def test_stages():
    net = Doubling((3, 1, 3))
    assert net.out_indices == (1, 3)
    assert [out.item() for out in net(torch.ones(1, 1, 1, 1))] == [2, 64]
    assert list(net.state_dict()) == ['factor1.weight', 'factor2.weight', 'factor3.weight']


def test_nothing_runs_after_the_last_returned_stage():
    net = Doubling([2])
    assert [out.item() for out in net(torch.ones(1, 1, 1, 1))] == [8]
    assert net.runs == [1, 2]


@pytest.mark.parametrize('wrong', [(), (0,), (1, 4)])
def test_stages_that_there_are_not(wrong):
    with pytest.raises(ValueError, match=r'Doubling out_indices must be some of 1\.\.3, got \('):
        Doubling(wrong)
