import copy

import pytest
import torch
from torch import nn

from mmwsl.models.backbones import AlexNet, ResNet
from mmwsl.models.layers.rescale import rescale_responses


class Block(nn.Module):
    """A transformer's block with layer norms; the linear layers are what is rescaled."""

    def __init__(self, width=12):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, images):
        x = self.patch(images).flatten(2).transpose(1, 2)  # (B, L, C)
        query, key, value = self.qkv(self.norm1(x)).chunk(3, dim=-1)
        x = x + self.proj(nn.functional.scaled_dot_product_attention(query, key, value))
        return x + self.mlp(self.norm2(x))


class Plain(nn.Module):
    """Convolutions with bias and no norm, the network of the paper; one layer is used twice."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 8, 3, stride=2), nn.Conv2d(8, 8, 3, padding=1)
        self.linear = nn.Linear(8, 5)

    def forward(self, images):
        x = self.conv2(self.conv2(self.conv1(images).relu()).relu()).relu()
        return self.linear(x.mean((2, 3)))


def responses(model, images):
    """First output of every convolution, linear layer and batch norm on the frozen model, by name."""
    seen, names = {}, {module: name for name, module in model.named_modules()}

    def keep(module, arguments, output):  # returns nothing, else it would replace the output
        seen.setdefault(names[module], output.clone())

    hooks = [module.register_forward_hook(keep) for module in names
             if isinstance(module, (nn.Conv2d, nn.Linear, nn.modules.batchnorm._BatchNorm))]
    with torch.no_grad():
        model.eval()(images)
    for hook in hooks:
        hook.remove()
    return seen


NETWORKS = dict(
    resnet=lambda: ResNet(18, base_channels=4, stem='cifar'),
    zero_init=lambda: ResNet(50, base_channels=4, stem='cifar', zero_init_residual=True),
    sync=lambda: ResNet(18, base_channels=4, stem='cifar', norm_cfg=dict(type='SyncBN')),
    split=lambda: ResNet(18, base_channels=4, stem='cifar', norm_cfg=dict(type='SplitBN', batch_per_split=8)),
    alexnet=lambda: AlexNet(channels=(4, 6, 8, 6, 6), out_indices=(1, 5)),
    transformer=Block,
    plain=Plain,
)


@pytest.mark.parametrize('name', NETWORKS)
def test_every_response_is_standardised(name):
    """Measured by hooks of the test's own, from the outputs alone."""
    torch.manual_seed(0)
    model = NETWORKS[name]()
    images = torch.randn(48, 3, 67 if name == 'alexnet' else 16, 67 if name == 'alexnet' else 16) * 3 + 1
    before = responses(model, images)
    count = rescale_responses(model.train(), images)
    assert all(module.training for module in model.modules())
    after = responses(model, images)
    layers = dict(model.named_modules())
    assert count == sum(not isinstance(layers[key], nn.modules.batchnorm._BatchNorm) for key in after)
    far = 0
    for key, output in after.items():
        axes = (0, 2, 3) if output.ndim == 4 else tuple(range(output.ndim - 1))
        deviation, mean = torch.std_mean(output.double(), axes, correction=0)
        assert (deviation - 1).abs().max() < 5e-3, key  # a batch norm adds eps to the variance
        if getattr(layers[key], 'bias', None) is not None:  # else the batch norm behind it takes the mean off
            assert mean.abs().max() < 1e-3, key
        far = max(far, (before[key].double().std(axes, correction=0) - 1).abs().max())
    assert far > 0.2  # it was not so before


def test_deterministic_and_the_same_function_up_to_scale():
    """Each channel of the first layer is an affine map of what it was; twice the same result; no generator is used."""
    torch.manual_seed(0)
    model, images = Plain(), torch.randn(32, 3, 12, 12)
    other, old = copy.deepcopy(model), copy.deepcopy(model.conv1)
    state = torch.get_rng_state()
    rescale_responses(model, images)
    rescale_responses(other, images)
    assert torch.equal(torch.get_rng_state(), state)
    for first, second in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(first, second) and first.requires_grad
    response = old(images).detach()
    deviation, mean = torch.std_mean(response, (0, 2, 3), correction=0, keepdim=True)
    assert torch.allclose(model.conv1(images), (response - mean) / deviation, atol=1e-4)


def test_constant_channels_and_networks_without_layers():
    model = nn.Sequential(nn.Linear(3, 2))
    with torch.no_grad():
        model[0].weight[0] = 0.0  # this channel says nothing; it must not become NaN
    rescale_responses(model, torch.randn(20, 3))
    assert torch.equal(model[0].weight[0], torch.zeros(3)) and model(torch.randn(4, 3)).isfinite().all()
    with pytest.raises(ValueError, match='Flatten ran no convolution or linear layer'):
        rescale_responses(nn.Flatten(), torch.randn(2, 3, 4))
