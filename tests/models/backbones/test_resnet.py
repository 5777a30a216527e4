import pytest
import torch

from mmwsl.models.backbones import ResNet


def parameters(net):
    return {name: tuple(value.shape) for name, value in net.named_parameters()}


def total(net):
    return sum(value.numel() for value in net.parameters())


# The published models' counts, less the 1000-way classifier's.
@pytest.mark.parametrize('depth, count', [
    (18, 11_689_512 - 513_000), (34, 21_797_672 - 513_000), (50, 25_557_032 - 2_049_000),
    (101, 44_549_160 - 2_049_000), (152, 60_192_808 - 2_049_000),
])
def test_parameter_counts(depth, count):
    with torch.device('meta'):
        assert total(ResNet(depth)) == count


def test_names_and_shapes_are_torchvisions():
    with torch.device('meta'):
        small, large = ResNet(18), ResNet(50)
    names = parameters(small)
    assert names['conv1.weight'] == (64, 3, 7, 7) and names['bn1.weight'] == (64,)
    assert names['layer1.0.conv1.weight'] == (64, 64, 3, 3)
    assert not any(name.startswith('layer1.0.downsample') for name in names)
    assert names['layer2.0.downsample.0.weight'] == (128, 64, 1, 1) and names['layer2.0.downsample.1.bias'] == (128,)
    assert names['layer4.1.bn2.weight'] == (512,)
    names = parameters(large)
    assert names['layer1.0.downsample.0.weight'] == (256, 64, 1, 1)
    assert names['layer1.0.conv1.weight'] == (64, 64, 1, 1) and names['layer1.0.conv3.weight'] == (256, 64, 1, 1)
    assert names['layer3.5.conv2.weight'] == (256, 256, 3, 3) and names['layer4.0.conv1.weight'] == (512, 1024, 1, 1)
    assert names['layer4.2.bn3.weight'] == (2048,)
    assert 'layer1.2.bn3.running_var' in large.state_dict()
    assert not any('bias' in name for name in names if 'conv' in name or 'downsample.0' in name)
    with torch.device('meta'):
        narrow = parameters(ResNet(50, base_channels=8, in_channels=2, stem='cifar'))
    assert narrow['conv1.weight'] == (8, 2, 3, 3) and narrow['layer4.2.conv3.weight'] == (256, 64, 1, 1)


def test_the_stride_of_a_bottleneck_sits_in_its_3x3():
    block = ResNet(50, base_channels=4).layer2[0]
    assert [block.conv1.stride, block.conv2.stride, block.conv3.stride] == [(1, 1), (2, 2), (1, 1)]
    assert block.downsample[0].stride == (2, 2)


@pytest.mark.parametrize('depth, stem, sides, widths', [
    (18, 'imagenet', (32, 16, 8, 4, 2), (4, 4, 8, 16, 32)),
    (18, 'cifar', (64, 64, 32, 16, 8), (4, 4, 8, 16, 32)),
    (50, 'imagenet', (32, 16, 8, 4, 2), (4, 16, 32, 64, 128)),
])
def test_maps_of_both_stems(depth, stem, sides, widths):
    net = ResNet(depth, base_channels=4, stem=stem, out_indices=(0, 1, 2, 3, 4))
    maps = net(torch.randn(2, 3, 64, 64))
    assert [tuple(x.shape) for x in maps] == [(2, width, side, side) for width, side in zip(widths, sides,
                                                                                         strict=True)]
    assert net.out_channels == list(widths)
    assert all(x.min() >= 0 for x in maps)  # after ReLU


def test_out_indices_select_maps_in_ascending_order():
    torch.manual_seed(0)
    net = ResNet(18, base_channels=4, stem='cifar', out_indices=(0, 1, 2, 3, 4)).eval()
    x = torch.randn(1, 3, 16, 16)
    everything = net(x)
    torch.manual_seed(0)
    some = ResNet(18, base_channels=4, stem='cifar', out_indices=(4, 1, 1)).eval()
    maps = some(x)
    assert len(maps) == 2 and torch.equal(maps[0], everything[1]) and torch.equal(maps[1], everything[4])
    assert some.out_channels == [4, 32]


def test_a_basic_block_by_its_formula():
    torch.manual_seed(0)
    net = ResNet(18, base_channels=4, stem='cifar').double().eval()
    block, x = net.layer2[0], torch.randn(1, 4, 6, 6, dtype=torch.float64)
    scale = (1 + block.bn1.eps)**-0.5  # of BN at its start

    def conv(module, x):
        return torch.nn.functional.conv2d(x, module.weight, stride=module.stride, padding=module.padding)

    hidden = (conv(block.conv1, x) * scale).clamp(min=0)
    expected = (conv(block.conv2, hidden) * scale + conv(block.downsample[0], x) * scale).clamp(min=0)
    torch.testing.assert_close(block(x), expected, rtol=1e-12, atol=1e-12)


def statistics(net):
    return {name: value.clone() for name, value in net.state_dict().items() if 'running' in name or 'num_b' in name}


@pytest.mark.parametrize('frozen_stages', [-1, 0, 2, 4])
def test_frozen_stages(frozen_stages):
    net = ResNet(18, base_channels=4, stem='cifar', frozen_stages=frozen_stages)
    frozen = [] if frozen_stages < 0 else ['conv1.', 'bn1.'] + [f'layer{i + 1}.' for i in range(frozen_stages)]
    net.train()
    before = statistics(net)
    out, = net(torch.randn(4, 3, 16, 16) + 1)
    if frozen_stages < 4:
        out.sum().backward()
    for name, parameter in net.named_parameters():
        assert (parameter.grad is None) == name.startswith(tuple(frozen)), name
    for name, value in statistics(net).items():
        assert torch.equal(value, before[name]) == name.startswith(tuple(frozen)), name
    assert net.layer4.training == (frozen_stages < 4)


@pytest.mark.parametrize('norm', ['BN', 'SyncBN', 'SplitBN'])
def test_norm_eval_keeps_statistics_and_learns_parameters(norm):
    net = ResNet(18, base_channels=4, stem='cifar', norm_cfg=dict(type=norm), norm_eval=True).train()
    before = statistics(net)
    net(torch.randn(4, 3, 16, 16))[0].sum().backward()
    assert all(torch.equal(value, before[name]) for name, value in statistics(net).items())
    assert all(parameter.grad is not None for parameter in net.parameters())
    assert net.training


@pytest.mark.parametrize('depth, last', [(18, 'bn2'), (50, 'bn3')])
def test_zero_init_makes_blocks_identities(depth, last):
    net = ResNet(depth, base_channels=4, stem='cifar', zero_init_residual=True)
    for name, value in net.named_parameters():
        if '.bn' in name and name.endswith('weight'):
            assert value.unique().item() == (0 if f'.{last}.' in name else 1), name
    x = torch.rand(1, net.layer3[0].bn1.num_features * (1 if depth == 18 else 4), 4, 4)
    assert torch.equal(net.eval().layer3[1](x), x)
    assert not any((value == 0).all() for name, value in ResNet(18, base_channels=4).named_parameters()
                   if name.endswith('weight'))


def test_convolutions_start_with_kaimings_deviation():
    net = ResNet(18)
    for name in ('layer3.0.conv2', 'layer4.0.conv1'):
        weight = net.get_parameter(f'{name}.weight')
        assert weight.std().item() == pytest.approx((2 / (9 * weight.shape[0]))**0.5, rel=0.01)


@pytest.mark.parametrize('settings, message', [
    (dict(depth=20), r'ResNet depth 20 is unknown; choose one of \[18, 34, 50, 101, 152\]'),
    (dict(depth=18, stem='tiny'), "stem 'tiny' is unknown; choose 'imagenet' or 'cifar'"),
    (dict(depth=18, out_indices=(5,)), r'out_indices must be some of 0 \(stem\), 1, 2, 3, 4 \(stages\), got \(5,\)'),
    (dict(depth=18, out_indices=()), r'out_indices must be some of .*, got \(\)'),
    (dict(depth=18, frozen_stages=5), 'frozen_stages must be between -1 and 4, got 5'),
])
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        ResNet(base_channels=1, **settings)
