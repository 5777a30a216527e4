"""State dicts as the authors of YOLACT publish them: every key finds its place."""

import pytest
import torch

from mmwsl.apis import build_model, load_config
from mmwsl.checkpoints.yolact import from_published_yolact, is_published_yolact


def convolution(state, name, inputs, outputs, kernel=3):
    state[f'{name}.weight'] = torch.randn(outputs, inputs, kernel, kernel)
    state[f'{name}.bias'] = torch.randn(outputs)


def norm(state, name, channels):
    for part in ('weight', 'bias', 'running_mean', 'running_var'):
        state[f'{name}.{part}'] = torch.rand(channels)
    state[f'{name}.num_batches_tracked'] = torch.tensor(1)


def heads(state, channels, width, anchors, classes, prototypes):
    """Pyramid, prototypes and heads of the published layout."""
    for position, inputs in enumerate(reversed(channels)):
        convolution(state, f'fpn.lat_layers.{position}', inputs, width, 1)
        convolution(state, f'fpn.pred_layers.{position}', width, width)
    for position in range(2):
        convolution(state, f'fpn.downsample_layers.{position}', width, width)
    for position in (0, 2, 4, 8):
        convolution(state, f'proto_net.{position}', width, width)
    convolution(state, 'proto_net.10', width, prototypes, 1)
    convolution(state, 'prediction_layers.0.upfeature.0', width, width)
    for name, count in dict(bbox=4, conf=classes + 1, mask=prototypes).items():
        convolution(state, f'prediction_layers.0.{name}_layer', width, anchors * count)
    convolution(state, 'semantic_seg_conv', width, classes, 1)


def resnet(base, blocks):
    """A ResNet of bottlenecks."""
    state, inputs = {'backbone.conv1.weight': torch.randn(base, 3, 7, 7)}, base
    norm(state, 'backbone.bn1', base)
    for stage, count in enumerate(blocks):
        width = base * 2**stage
        for index in range(count):
            name = f'backbone.layers.{stage}.{index}'
            for number, (first, last, kernel) in enumerate(((inputs, width, 1), (width, width, 3), (width, 4 * width, 1)), 1):
                state[f'{name}.conv{number}.weight'] = torch.randn(last, first, kernel, kernel)
                norm(state, f'{name}.bn{number}', last)
            if index == 0:
                state[f'{name}.downsample.0.weight'] = torch.randn(4 * width, inputs, 1, 1)
                norm(state, f'{name}.downsample.1', 4 * width)
            inputs = 4 * width
    return state


def darknet(base, blocks):
    state = {'backbone._preconv.0.weight': torch.randn(base, 3, 3, 3)}
    norm(state, 'backbone._preconv.1', base)
    for stage, count in enumerate(blocks):
        width = base * 2**(stage + 1)
        state[f'backbone.layers.{stage}.0.0.weight'] = torch.randn(width, width // 2, 3, 3)
        norm(state, f'backbone.layers.{stage}.0.1', width)
        for index in range(1, count + 1):
            for number, (inputs, outputs, kernel) in enumerate(((width, width // 2, 1), (width // 2, width, 3)), 1):
                state[f'backbone.layers.{stage}.{index}.conv{number}.0.weight'] = torch.randn(outputs, inputs, kernel, kernel)
                norm(state, f'backbone.layers.{stage}.{index}.conv{number}.1', outputs)
    return state


SMALL = {'model.neck.out_channels': 8, 'model.head.in_channels': 8, 'model.mask_branch.channels': 8,
         'model.mask_branch.num_prototypes': 5, 'model.backbone.base_channels': 4}


@pytest.mark.parametrize('name', ['r50', 'r101', 'darknet53'])
def test_every_key_is_used(name, tmp_path):
    if name == 'darknet53':
        state, channels = darknet(4, (1, 2, 8, 8, 4)), (32, 64, 128)
    else:
        state, channels = resnet(4, dict(r50=(3, 4, 6, 3), r101=(3, 4, 23, 3))[name]), (32, 64, 128)
    heads(state, channels, 8, 3, 80, 5)
    assert is_published_yolact(state)
    torch.save(state, tmp_path / 'yolact.pth')
    cfg = load_config(f'mmwsl::supervised/instances/yolact550_{name}_1xb8-step-800k_coco.py', SMALL)
    model, _ = build_model(cfg, tmp_path / 'yolact.pth', 'cpu', whole=True)
    own, renamed = model.state_dict(), from_published_yolact(state)
    assert set(renamed) == set(own) and len(renamed) == len(state)
    assert all(torch.equal(own[key], value) for key, value in renamed.items())
    classes = state['prediction_layers.0.conf_layer.bias'].view(3, 81)
    assert torch.equal(own['head.classes.bias'].view(3, 81), torch.cat([classes[:, 1:], classes[:, :1]], 1))
    assert torch.equal(own['neck.lateral.0.weight'], state['fpn.lat_layers.2.weight'])
    assert torch.equal(own['backbone.layer1.0.conv1.weight' if name != 'darknet53' else 'backbone.layer1.0.0.weight'],
                       state['backbone.layers.0.0.conv1.weight' if name != 'darknet53' else 'backbone.layers.0.0.0.weight'])


def test_what_has_no_place_is_said():
    state = {}
    heads(state, (4, 8, 16), 8, 3, 80, 5)
    state['backbone.layer1.0.conv1.weight'] = torch.zeros(1)  # old files have it twice
    assert 'backbone.layer1.0.conv1.weight' not in from_published_yolact(state)
    state['maskiou_net.maskiou_net.0.weight'] = torch.zeros(1)
    with pytest.raises(ValueError, match=r'maskiou_net.maskiou_net.0.weight has no place in ours'):
        from_published_yolact(state)
    with pytest.raises(ValueError, match='is the file complete'):
        from_published_yolact({'prediction_layers.0.bbox_layer.weight': torch.zeros(12, 8, 3, 3)})
