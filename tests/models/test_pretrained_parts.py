"""Parts that start from a file's weights: what fits, and what is refused."""

import pytest
import torch

from mmwsl.models.pretrained import PretrainedInit
from mmwsl.registry import MODELS

RESNET = dict(type='ResNet', depth=18, base_channels=4, stem='cifar')
METHOD = dict(type='Rotation', backbone=RESNET, head=dict(type='ClassificationHead', in_channels=32, num_classes=4))


@pytest.fixture
def path(tmp_path):
    """The file of a whole model, all of whose weights are 0.25."""
    state = {key: torch.full_like(value, 0.25) for key, value in MODELS.build(METHOD).state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'whole.pth')
    return tmp_path / 'whole.pth'


@pytest.mark.parametrize('prefix', ['backbone', 'backbone.'])
def test_a_part_from_the_file_of_a_whole_model(path, prefix):
    model = MODELS.build(dict(METHOD, backbone=dict(RESNET, init_cfg=dict(type='Pretrained', checkpoint=str(path),
                                                                          prefix=prefix))))
    model.init_weights()
    assert {value.unique().item() for value in model.backbone.parameters()} == {0.25}
    assert model.head.classifier.weight.unique().numel() > 1


def test_a_whole_model(path):
    model = MODELS.build(dict(METHOD, init_cfg=dict(type='Pretrained', checkpoint=str(path))))
    model.init_weights()
    assert {value.unique().item() for value in model.parameters()} == {0.25}


def test_heads_beside_a_backbone_are_left_over(path):
    state = torch.load(path, weights_only=True)['state_dict']
    alone = {key.removeprefix('backbone.'): value for key, value in state.items() if key.startswith('backbone.')}
    torch.save(alone | {'fc.weight': torch.ones(10, 32)}, path)
    model = MODELS.build(RESNET)
    PretrainedInit(str(path))(model)
    assert {value.unique().item() for value in model.parameters()} == {0.25}


def test_weights_that_do_not_fit(path):
    model = MODELS.build(RESNET)
    with pytest.raises(ValueError, match='whole.pth: none of its .* keys fits .*backbone.conv1.weight.*conv1.weight'):
        PretrainedInit(str(path))(model)
    with pytest.raises(ValueError, match="whole.pth: no key begins with 'neck.' .*backbone.conv1.weight"):
        PretrainedInit(str(path), prefix='neck')(model)
    with pytest.raises(ValueError, match='keys of the backbone are missing'):
        PretrainedInit(str(path), prefix='backbone')(MODELS.build(dict(RESNET, depth=34)))
    with pytest.raises(ValueError, match='tensors that the one of the config lacks'):
        state = torch.load(path, weights_only=True)['state_dict']
        torch.save({**state, 'backbone.layer1.0.gamma': torch.ones(4)}, path)
        PretrainedInit(str(path), prefix='backbone')(model)
    with pytest.raises(FileNotFoundError, match='absent.pth does not exist'):
        PretrainedInit('absent.pth')(model)
    with pytest.raises(ValueError, match='torchvision://resnet18: such names are not resolved; .* a file or an https'):
        PretrainedInit('torchvision://resnet18')(model)
