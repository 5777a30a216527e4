import pytest
import torch
import torch.nn as nn

from mmwsl.engine.constructor import GroupingConstructor


class Model(nn.Module):

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 4))
        self.overhead = nn.Linear(2, 2)
        self.head = nn.Sequential(nn.Linear(4, 2))
        self.scale = nn.Parameter(torch.ones(4))
        self.frozen = nn.Linear(2, 2).requires_grad_(False)


def groups(**rules):
    cfg = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.01), type='OptimWrapper')
    model = Model()
    optimizer = GroupingConstructor(cfg, rules)(model).optimizer
    names = {id(p): name for name, p in model.named_parameters()}
    return {tuple(sorted(names[id(p)] for p in group['params'])): group for group in optimizer.param_groups}


def of(found, name):
    (group,) = [group for names, group in found.items() if name in names]
    return group


def test_rules_and_few_groups():
    found = groups(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0)
    assert len(found) == 2  # mmengine makes one group of each of the ten parameters
    decayed, plain = (sorted(name for names, group in found.items() if group['weight_decay'] == decay for name in names)
                      for decay in (0.01, 0.0))
    assert decayed == ['backbone.0.weight', 'backbone.2.weight', 'head.0.weight', 'overhead.weight']
    assert plain == ['backbone.0.bias', 'backbone.1.bias', 'backbone.1.weight', 'backbone.2.bias', 'head.0.bias',
                     'overhead.bias', 'scale']


def test_learning_rates_of_scales_and_biases():
    """Barlow Twins' ratio; the weights keep theirs."""
    found = groups(norm_lr_mult=0.024, bias_lr_mult=0.024)
    assert of(found, 'backbone.1.weight')['lr'] == of(found, 'head.0.bias')['lr'] == pytest.approx(0.0024)
    assert of(found, 'backbone.0.weight')['lr'] == of(found, 'scale')['lr'] == 0.1


def test_custom_keys_match_whole_words_and_decide_alone():
    found = groups(bias_decay_mult=0.0, custom_keys={'head': dict(lr_mult=10, momentum=0.0, fixed_lr=True)})
    head = found['head.0.bias', 'head.0.weight']  # the bias rule does not apply to it any more
    assert (head['lr'], head['momentum'], head['fixed_lr'], head['weight_decay']) == (1.0, 0.0, True, 0.01)
    assert of(found, 'overhead.weight')['momentum'] == 0.9  # mmengine's substrings would match it as well


def test_the_longest_key_wins():
    found = groups(custom_keys={'backbone': dict(lr_mult=2), 'backbone.0': dict(decay_mult=0)})
    assert of(found, 'backbone.0.weight')['lr'] == 0.1 and of(found, 'backbone.0.weight')['weight_decay'] == 0
    assert of(found, 'backbone.2.weight')['lr'] == 0.2


def test_bad_rules():
    with pytest.raises(ValueError, match=r"custom_keys \['hed'\] match no parameter; a key is one or more whole dotted"):
        groups(custom_keys={'hed': dict(lr_mult=2)})
    with pytest.raises(ValueError, match=r"unknown rules \['norm_decay'\]"):
        groups(norm_decay=0.0)
