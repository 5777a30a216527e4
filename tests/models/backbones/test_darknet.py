"""Darknet-53 by its published sizes."""

import torch

from mmwsl.models.backbones import Darknet


def test_maps_and_parameters():
    with torch.device('meta'):
        model = Darknet(out_indices=(3, 4, 5))
        maps = model(torch.zeros(1, 3, 416, 416))
    assert [tuple(each.shape[1:]) for each in maps] == [(256, 52, 52), (512, 26, 26), (1024, 13, 13)]
    assert model.out_channels == [256, 512, 1024]
    convolutions = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(convolutions) == 52  # the 53rd layer is ImageNet's classifier
    assert sum(parameter.numel() for parameter in model.parameters()) == 40_584_928  # 41.6 M less its 1000 x 1024 + 1000


def test_a_block_adds_to_its_input():
    torch.manual_seed(0)
    model, x = Darknet(base_channels=4, blocks=(1,), out_indices=(0, 1)).eval(), torch.randn(2, 3, 8, 8)
    stem, stage = model(x)
    down = model.layer1[0](stem)
    assert torch.allclose(stage, down + model.layer1[1].conv2(model.layer1[1].conv1(down)))
    assert (stem < 0).any() and stem.min() > -0.1 * stem.max() * 10  # leaky: below 0 a tenth of the slope
