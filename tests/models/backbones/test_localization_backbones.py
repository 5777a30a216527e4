"""VGG16, GoogLeNet and InceptionV3: maps, published numbers of parameters, and the names that other parts rely on."""

import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.backbones import VGG16, AlexNet, GoogLeNet, InceptionV3
from mmwsl.models.weak import Localizer


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def on_meta(kind, side=224, **settings):
    """Shapes without arithmetic."""
    with torch.device('meta'):
        net = kind(**settings).eval()
        return net, [tuple(each.shape[1:]) for each in net(torch.zeros(1, 3, side, side))]


def parameters(net, name=''):
    return sum(value.numel() for key, value in net.named_parameters() if key.startswith(name))


def kernels(net, name=''):
    return sum(value.numel() for key, value in net.named_parameters() if key.startswith(name) and value.ndim == 4)


@pytest.mark.parametrize('kind, settings, shapes', [
    (VGG16, dict(out_indices=(1, 2, 3, 4, 5)), [(64, 224, 224), (128, 112, 112), (256, 56, 56), (512, 28, 28), (512, 14, 14)]),
    (VGG16, dict(strides=(1, 2, 2, 2, 1)), [(512, 28, 28)]),
    (VGG16, dict(norm_cfg=dict(type='BN'), out_indices=(4, 5)), [(512, 28, 28), (512, 14, 14)]),
    (GoogLeNet, dict(), [(832, 14, 14)]),
    (GoogLeNet, dict(out_indices=(1, 2, 3, 5)), [(64, 112, 112), (192, 56, 56), (480, 28, 28), (1024, 7, 7)]),
    (InceptionV3, dict(out_indices=(1, 2)), [(288, 28, 28), (768, 14, 14)]),
    (InceptionV3, dict(stride=1), [(768, 28, 28)]),
    (AlexNet, dict(), [(256, 13, 13)]),
])
def test_maps_at_224(kind, settings, shapes):
    net, found = on_meta(kind, **settings)
    assert found == shapes and net.out_channels == [shape[0] for shape in shapes]


def test_vgg16_has_its_published_size():
    """138,357,544 parameters are published, 123,642,856 of them in the fully connected layers."""
    net, _ = on_meta(VGG16)
    connected = (512 * 7 * 7 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000
    assert parameters(net) == 138357544 - connected == 14714688
    assert parameters(on_meta(VGG16, norm_cfg=dict(type='BN'))[0]) == 14714688 + 2 * 4224


def test_googlenet_has_its_published_size():
    """6,998,552 parameters are published for the authors' network with biases; here BN has two numbers a channel."""
    net, _ = on_meta(GoogLeNet, out_indices=(5,))
    biases = parameters(net) - kernels(net) - sum(value.numel() for key, value in net.named_parameters()
                                                  if key.endswith('1.bias'))
    assert kernels(net) + biases + 1025 * 1000 == 6998552
    assert kernels(net, 'conv2') == 112 * 1024  # as table 1 of the paper has it, 3a too
    assert kernels(net, 'inception3a') // 1024 == 159
    short, _ = on_meta(GoogLeNet)
    assert not any('5a' in key or 'pool4' in key for key, _ in short.named_modules())  # the layers after 4e are removed


def test_inception_v3_has_its_published_size():
    """27,161,264 parameters with torchvision's heads; Mixed_7, the auxiliary and the last classifier are counted here."""
    def unit(inputs, outputs, size):  # weights and the two numbers of BN
        return inputs * outputs * size + 2 * outputs

    auxiliary = unit(768, 128, 1) + unit(128, 768, 25) + 769 * 1000
    reduction = (2 * unit(768, 192, 1) + unit(192, 320, 9) + 2 * unit(192, 192, 7) + unit(192, 192, 9))
    wide = sum(unit(inputs, 320, 1) + unit(inputs, 384, 1) + 4 * unit(384, 384, 3) + unit(inputs, 448, 1)
               + unit(448, 384, 9) + unit(inputs, 192, 1) for inputs in (1280, 2048))
    net, _ = on_meta(InceptionV3)
    assert parameters(net) == 27161264 - auxiliary - reduction - wide - 2049 * 1000
    names = set(net.state_dict())
    assert {'Conv2d_1a_3x3.conv.weight', 'Mixed_5b.branch5x5_2.bn.running_var', 'Mixed_5d.branch_pool.conv.weight',
            'Mixed_6a.branch3x3.conv.weight', 'Mixed_6a.branch3x3dbl_3.bn.bias', 'Mixed_6c.branch7x7_1.conv.weight',
            'Mixed_6e.branch7x7dbl_5.conv.weight'} <= names
    assert net.Mixed_6b.branch7x7_2.conv.weight.shape[2:] == (1, 7) == net.Mixed_6b.branch7x7dbl_3.conv.weight.shape[2:]
    assert all(each.eps == 1e-3 for each in net.modules() if isinstance(each, torch.nn.BatchNorm2d))


def test_vgg16_is_what_the_paper_says():
    """Thirteen convolutions with ReLU, pooling between stages, one after the other by torch's own functions."""
    torch.manual_seed(0)
    net, x = VGG16(out_indices=(3, 5)).eval(), torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        third, fifth = net(x)
        state = net.state_dict()
        for stage, count in enumerate((2, 2, 3, 3, 3), start=1):
            if stage > 1:
                x = F.max_pool2d(x, 2)
            for number in range(1, count + 1):
                name = f'conv{stage}_{number}.0.'
                x = F.relu(F.conv2d(x, state[name + 'weight'], state[name + 'bias'], padding=1))
            if stage == 3:
                assert torch.allclose(third, x, atol=1e-5)
    assert torch.allclose(fifth, x, atol=1e-5) and fifth.std() > 0


def test_branches_of_inception_modules():
    """The pooled branch of a module that averages, and the channels that pass unchanged where it takes maxima."""
    torch.manual_seed(0)
    net = InceptionV3().eval()
    x = torch.rand(1, 288, 5, 5)
    with torch.no_grad():
        average = net.Mixed_5d(x)
        assert torch.allclose(average[:, -64:], net.Mixed_5d.branch_pool(F.avg_pool2d(x, 3, 1, 1)), atol=1e-6)
        assert torch.allclose(average[:, :64], net.Mixed_5d.branch1x1(x), atol=1e-6)
        assert torch.equal(net.Mixed_6a(x)[:, -288:], F.max_pool2d(x, 3, 1, 1))
        module = GoogLeNet().inception3a.eval()
        x = torch.rand(1, 192, 5, 5)
        assert torch.allclose(module(x)[:, -32:], module.branch4[1](F.max_pool2d(x, 3, 1, 1)), atol=1e-6)


@pytest.mark.parametrize('kind, names', [
    ('VGG16', ('pool3', 'conv4_3', 'conv5_3')), ('InceptionV3', ('Mixed_5d', 'Mixed_6e')),
    ('GoogLeNet', ('inception4a', 'inception4e'))])
def test_positions_of_attention_based_dropout(kind, names):
    """What stands at a named position sees the map that the next part gets, rectified."""
    torch.manual_seed(0)
    model = Localizer(dict(type=kind), dict(type='CAMHead', num_classes=3),
                      after={name: dict(type='ADL', drop_rate=1.0, threshold=0.9) for name in names})
    seen = []
    for name in names:
        getattr(model, f'after_{name}').register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    maps = model.train().backbone(torch.rand(2, 3, 64, 64))
    assert len(seen) == len(names) and all(before.min() >= 0 for before, _ in seen)
    assert all((before > 0).sum() > (after > 0).sum() for before, after in seen)  # the strongest part is hidden
    assert torch.equal(maps[-1], seen[-1][1])
    seen.clear()
    model.eval()(torch.ones(1, 3, 64, 64))
    assert len(seen) == len(names) and all(torch.equal(*each) for each in seen)  # nothing is in the test


def test_settings_that_cannot_be():
    for kind in (VGG16, GoogLeNet, InceptionV3):
        with pytest.raises(ValueError, match='out_indices must be some of'):
            kind(out_indices=(6,))
        with pytest.raises(ValueError, match='out_indices must be some of'):
            kind(out_indices=())
    with pytest.raises(ValueError, match='five times 1 or 2'):
        VGG16(strides=(1, 2, 2, 2))
    with pytest.raises(ValueError, match='stride=3 is impossible'):
        InceptionV3(stride=3)
