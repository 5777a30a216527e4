import pytest
import torch
import torch.nn as nn

from mmwsl.models.layers.teacher import Teacher, cosine_momentum


def student(value, buffer):
    module = nn.BatchNorm1d(2)
    with torch.no_grad():
        module.weight.fill_(value)
        module.bias.fill_(-value)
        module.running_mean.fill_(buffer)
    return module


@pytest.mark.parametrize('progress, expected', [(0, 0.99), (0.25, 1 - 0.01 * (2**0.5 / 2 + 1) / 2), (0.5, 0.995),
                                                (1, 1)])
def test_cosine_momentum(progress, expected):
    assert cosine_momentum(0.99, 1.0, progress) == pytest.approx(expected, abs=1e-12)


def test_cosine_momentum_may_end_below_one():
    assert [cosine_momentum(0.9, 0.96, p) for p in (0, 0.5, 1)] == pytest.approx([0.9, 0.93, 0.96], abs=1e-12)


@pytest.mark.parametrize('progress, expected', [(0, 1.2), (0.5, 1.1), (1, 1.0)])
def test_update_averages_with_the_momentum_of_the_schedule(progress, expected):
    module = student(1.0, buffer=0.0)
    teacher = Teacher(module, momentum=0.8, end_momentum=1.0)
    with torch.no_grad():
        module.weight.fill_(2.0)
    teacher.update(module, progress=progress)  # m * 1 + (1 - m) * 2 with m = 0.8, 0.9, 1; the first is no copy either
    assert teacher.chain[0].weight.tolist() == pytest.approx([expected] * 2, abs=1e-6)
    assert teacher.chain[0].bias.tolist() == [-1, -1]
    assert module.weight.tolist() == [2, 2]


def test_a_constant_momentum_compounds():
    module = student(0.0, buffer=0.0)
    teacher = Teacher(module, momentum=0.5)
    with torch.no_grad():
        module.weight.fill_(1.0)
    for progress in (0, 0.5, 1):
        teacher.update(module, progress=progress)
    assert teacher.chain[0].weight.tolist() == [0.875, 0.875]


def test_update_follows_a_chain_and_copy_from_takes_all():
    chain = [student(1.0, buffer=3.0), student(5.0, buffer=4.0)]
    teacher = Teacher(*chain, momentum=0.5)
    with torch.no_grad():
        for module in chain:
            module.weight.zero_()
            module.running_mean.fill_(9.0)
    teacher.update(*chain, progress=0)
    assert [module.weight[0].item() for module in teacher.chain] == [0.5, 2.5]
    assert [module.running_mean[0].item() for module in teacher.chain] == [3, 4]  # buffers are the teacher's own
    teacher.copy_from(*chain)
    assert [module.weight[0].item() for module in teacher.chain] == [0, 0]
    assert [module.running_mean[0].item() for module in teacher.chain] == [9, 9]
    with pytest.raises(ValueError):
        teacher.copy_from(chain[0])


def test_the_teacher_gets_no_gradient_and_keeps_its_own_statistics():
    module = student(1.0, buffer=0.0)
    teacher = Teacher(module, momentum=0.9)
    x = torch.full((4, 2), 10.0, requires_grad=True)
    out = teacher(x)
    assert not out.requires_grad
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert teacher.chain[0].running_mean.tolist() == [1, 1]  # train mode: 0.1 of the batch's mean
    assert module.running_mean.tolist() == [0, 0]
    assert set(teacher.state_dict()) == {f'chain.0.{name}' for name in module.state_dict()}


@pytest.mark.parametrize('settings, message', [
    (dict(momentum=0.001), r'momentum=0.001: it is the weight of the old teacher'),
    (dict(momentum=1.01), r'momentum=1.01'),
    (dict(momentum=0.99, end_momentum=0.0), r'end_momentum=0.0'),
])
def test_a_momentum_the_other_way_round_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Teacher(nn.Linear(1, 1), **settings)
