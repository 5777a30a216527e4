"""Names of transformers: those of well-known files of its hub, spelled out."""

import torch

from mmwsl.checkpoints.describe import describe_backbone
from mmwsl.checkpoints.huggingface import huggingface_config, huggingface_names
from mmwsl.models.backbones import ResNet, SwinTransformer, VisionTransformer


def test_resnet():
    state = ResNet(50, base_channels=4).state_dict()
    named = huggingface_names(state, 'ResNet')
    assert len(named) == len(state)
    for ours, theirs in {
            'conv1.weight': 'embedder.embedder.convolution.weight',
            'bn1.running_var': 'embedder.embedder.normalization.running_var',
            'layer1.0.downsample.0.weight': 'encoder.stages.0.layers.0.shortcut.convolution.weight',
            'layer1.0.downsample.1.bias': 'encoder.stages.0.layers.0.shortcut.normalization.bias',
            'layer4.2.conv3.weight': 'encoder.stages.3.layers.2.layer.2.convolution.weight',
            'layer3.5.bn2.running_mean': 'encoder.stages.2.layers.5.layer.1.normalization.running_mean'}.items():
        assert named[theirs] is state[ours]
    config = huggingface_config(describe_backbone(state))
    assert (config['hidden_sizes'], config['depths'], config['layer_type']) == ([16, 32, 64, 128], [3, 4, 6, 3], 'bottleneck')


def test_vision_transformer():
    network = VisionTransformer('tiny', depth=2, image_size=32)
    state = network.state_dict()
    named = huggingface_names(state, 'VisionTransformer')
    assert len(named) == len(state) + 2 * 2 * 2 + 2  # query, key and value of one; the pooler
    for position, name in enumerate(('query', 'key', 'value')):
        rows = slice(192 * position, 192 * (position + 1))
        for kind in ('weight', 'bias'):
            theirs = named[f'encoder.layer.1.attention.attention.{name}.{kind}']
            assert torch.equal(theirs, state[f'blocks.1.attn.qkv.{kind}'][rows])
    for ours, theirs in {'cls_token': 'embeddings.cls_token', 'pos_embed': 'embeddings.position_embeddings',
                         'patch_embed.proj.bias': 'embeddings.patch_embeddings.projection.bias',
                         'blocks.0.norm1.weight': 'encoder.layer.0.layernorm_before.weight',
                         'blocks.0.norm2.bias': 'encoder.layer.0.layernorm_after.bias',
                         'blocks.1.attn.proj.weight': 'encoder.layer.1.attention.output.dense.weight',
                         'blocks.1.mlp.fc1.weight': 'encoder.layer.1.intermediate.dense.weight',
                         'blocks.1.mlp.fc2.weight': 'encoder.layer.1.output.dense.weight',
                         'norm.weight': 'layernorm.weight'}.items():
        assert named[theirs] is state[ours]
    assert torch.equal(named['pooler.dense.weight'], torch.eye(192)) and not named['pooler.dense.bias'].any()
    config = huggingface_config(describe_backbone(state))
    assert (config['intermediate_size'], config['layer_norm_eps'], config['pooler_act']) == (768, 1e-6, 'linear')


def test_swin():
    network = SwinTransformer(embed_dims=16, depths=(1, 2), num_heads=(1, 2), window_size=4)
    state = network.state_dict()
    named = huggingface_names(state, 'SwinTransformer')
    assert len(named) == len(state) + 2 * 2 * 3
    block = 'encoder.layers.1.blocks.1'
    assert torch.equal(named[f'{block}.attention.self.value.bias'], state['layers.1.blocks.1.attn.qkv.bias'][64:])
    for ours, theirs in {
            'patch_embed.norm.weight': 'embeddings.norm.weight', 'norm.bias': 'layernorm.bias',
            'layers.0.downsample.reduction.weight': 'encoder.layers.0.downsample.reduction.weight',
            'layers.0.downsample.norm.bias': 'encoder.layers.0.downsample.norm.bias',
            'layers.1.blocks.1.attn.relative_position_bias_table': f'{block}.attention.self.relative_position_bias_table',
            'layers.1.blocks.1.attn.proj.bias': f'{block}.attention.output.dense.bias',
            'layers.1.blocks.1.norm2.weight': f'{block}.layernorm_after.weight',
            'layers.1.blocks.1.mlp.fc2.weight': f'{block}.output.dense.weight'}.items():
        assert named[theirs] is state[ours]
    assert huggingface_config(describe_backbone(state))['num_heads'] == [1, 2]
