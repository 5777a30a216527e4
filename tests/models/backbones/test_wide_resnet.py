"""Wide ResNet-38: maps, size, names, dropout and what is frozen."""

import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.backbones import WideResNet


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def tiny(**settings):
    torch.manual_seed(0)
    return WideResNet(base_channels=4, **settings)


def test_maps_and_size_of_the_published_network():
    with torch.device('meta'):
        net = WideResNet(out_indices=(1, 2, 3, 4, 5, 6, 7)).eval()
        found = [tuple(each.shape[1:]) for each in net(torch.zeros(1, 3, 224, 160))]
    sides = [(224, 160), (112, 80), (56, 40)] + [(28, 20)] * 4
    widths = [64, 128, 256, 512, 1024, 2048, 4096]
    assert found == [(width, *side) for width, side in zip(widths, sides, strict=True)] and net.out_channels == widths
    kernels = 3 * 64 * 9
    for inputs, channels, outputs, count in ((64, 128, 128, 3), (128, 256, 256, 3), (256, 512, 512, 6), (512, 512, 1024, 3)):
        kernels += inputs * channels * 9 + (count - 1) * outputs * channels * 9 + count * channels * outputs * 9
        kernels += inputs * outputs  # of the shortcut
    for inputs, outputs in ((1024, 2048), (2048, 4096)):
        kernels += inputs * outputs // 4 + outputs // 4 * outputs // 2 * 9 + outputs // 2 * outputs + inputs * outputs
    assert sum(value.numel() for value in net.parameters() if value.ndim == 4) == kernels == 105023168
    norms = {name for name in net.state_dict() if 'running_mean' in name}
    assert len(norms) == 2 * 15 + 3 * 2 + 1
    layers = 1 + 2 * 15 + 3 * 2  # and the classifier
    assert layers + 1 == 38


def test_names_and_dilations_are_those_of_the_published_weights():
    net = tiny()
    names = set(net.state_dict())
    assert {'conv1a.weight', 'b2.bn_branch2a.weight', 'b2.conv_branch1.weight', 'b4_5.conv_branch2b1.weight',
            'b6.bn_branch2b2.running_var', 'b7.conv_branch2b2.weight', 'bn7.bias'} <= names
    assert 'b2_1.conv_branch1.weight' not in names and 'b4_6.conv_branch2a.weight' not in names
    dilations = [getattr(net, name).conv_branch2b1.dilation[0] for name in ('b4', 'b5', 'b5_1', 'b6', 'b7')]
    assert dilations == [1, 2, 2, 4, 4] and net.b5.conv_branch2a.dilation == (1, 1)
    assert net.b5_1.conv_branch2a.dilation == (2, 2)


def test_a_map_is_what_the_next_norm_makes_of_a_stage():
    net, images = tiny(out_indices=(4, 5, 7)).eval(), torch.randn(2, 3, 32, 24)
    x = net.conv1a(images)
    expected = {}
    for number in range(2, 8):
        for name in net.stages[number]:
            if name == 'bn7':
                expected[7] = F.relu(net.bn7(x))
                continue
            block = getattr(net, name)
            activated = F.relu(block.bn_branch2a(x))
            if name in ('b5', 'b6'):
                expected[number - 1] = activated
            x = (block.conv_branch1(activated) if 'conv_branch1' in dict(block.named_children()) else x) + block.branch(activated)
    found = net(images)
    assert [tuple(each.shape[2:]) for each in found] == [(4, 3)] * 3
    for index, each in zip((4, 5, 7), found, strict=True):
        assert torch.equal(each, expected[index])
    net.out_indices = (4,)
    only, = net(images)
    assert torch.equal(only, found[0])


def test_a_norm_counts_each_batch_once():
    net = tiny(out_indices=(4, 7))
    net.train()(torch.randn(2, 3, 16, 16))
    assert {int(value) for name, value in net.state_dict().items() if name.endswith('num_batches_tracked')} == {1}


def test_dropout_is_of_the_last_two_stages_in_training():
    net, images = tiny(out_indices=(5, 7), norm_eval=True).train(), torch.randn(1, 3, 16, 16)
    (early, late), (again, other) = net(images), net(images)
    assert torch.equal(early, again) and not torch.equal(late, other)
    assert (net.b6.dropout.p, net.b7.dropout.p) == (0.3, 0.5)
    still = tiny(dropout=(0.0, 0.0), norm_eval=True).train()
    assert torch.equal(still(images)[0], still(images)[0])
    with pytest.raises(ValueError, match='two probabilities below 1'):
        tiny(dropout=(0.5,))


def test_frozen_stages_have_no_gradient():
    net = tiny(frozen_stages=2).train()
    net(torch.randn(2, 3, 16, 16))[0].sum().backward()
    learning = {name.split('.')[0] for name, value in net.named_parameters() if value.grad is not None}
    assert learning & {'conv1a', 'b2', 'b2_1', 'b2_2'} == set() and {'b3', 'b7', 'bn7'} <= learning
    assert not net.b2.bn_branch2a.training and net.b3.bn_branch2a.training
