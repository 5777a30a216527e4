import pytest
import torch.nn as nn

from mmwsl.ops.modes import eval_mode


class Frozen(nn.Sequential):
    """Its second part stays in eval mode, as frozen stages do."""

    def train(self, mode=True):
        super().train(mode)
        self[1].eval()
        return self


def test_eval_mode():
    model, other = Frozen(nn.Linear(1, 1), nn.Dropout(), nn.Sequential(nn.Dropout())), nn.Dropout()
    model.train()
    model[2].training = False  # but not what is in it
    before = [module.training for module in model.modules()]
    assert before == [True, True, False, False, True]
    with eval_mode(model, other):
        assert not any(module.training for module in (*model.modules(), other))
    assert [module.training for module in model.modules()] == before and other.training
    with pytest.raises(KeyError), eval_mode(model):
        raise KeyError
    assert [module.training for module in model.modules()] == before
    model.eval()
    with eval_mode(model):
        pass
    assert not any(module.training for module in model.modules())
