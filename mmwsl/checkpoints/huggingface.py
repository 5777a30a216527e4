"""Backbones under the names of Hugging Face's transformers, and the ``config.json`` beside them.

The names are those of the files on its hub, which every version of the library reads.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch

_BLOCK = (  # of both transformers, behind the number of the block
    (r'norm1\.', 'layernorm_before.'), (r'norm2\.', 'layernorm_after.'), (r'attn\.proj\.', 'attention.output.dense.'),
    (r'mlp\.fc1\.', 'intermediate.dense.'), (r'mlp\.fc2\.', 'output.dense.'),
)
_PARTS = (('query', 0), ('key', 1), ('value', 2))


def huggingface_config(backbone: Mapping[str, Any]) -> dict[str, Any]:
    """What ``config.json`` says of a ResNet, vision transformer or Swin, which :func:`check_public` let pass."""
    if backbone['type'] == 'ResNet':
        bottleneck = backbone['depth'] >= 50
        counts = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
        width = backbone['base_channels']
        return dict(architectures=['ResNetModel'], model_type='resnet', num_channels=backbone['in_channels'],
                    embedding_size=width, depths=list(counts[backbone['depth']]), hidden_act='relu',
                    hidden_sizes=[width * (4 if bottleneck else 1) * 2**stage for stage in range(4)],
                    layer_type='bottleneck' if bottleneck else 'basic', downsample_in_first_stage=False,
                    downsample_in_bottleneck=False)
    if backbone['type'] == 'SwinTransformer':
        return dict(architectures=['SwinModel'], model_type='swin', image_size=backbone['image_size'],
                    patch_size=backbone['patch_size'], num_channels=backbone['in_channels'],
                    embed_dim=backbone['embed_dims'], depths=list(backbone['depths']),
                    num_heads=list(backbone['num_heads']), window_size=backbone['window_size'],
                    mlp_ratio=backbone['mlp_ratio'], qkv_bias=True, hidden_act='gelu', layer_norm_eps=1e-5)
    width = backbone['embed_dims']
    # the pooler gives the class token as it is; without one in the file transformers would draw a random one
    return dict(architectures=['ViTModel'], model_type='vit', image_size=backbone['image_size'],
                patch_size=backbone['patch_size'], num_channels=backbone['in_channels'], hidden_size=width,
                num_hidden_layers=backbone['depth'], num_attention_heads=backbone['num_heads'],
                intermediate_size=int(width * backbone['mlp_ratio']), qkv_bias=True, hidden_act='gelu',
                layer_norm_eps=1e-6, pooler_output_size=width, pooler_act='linear')


def huggingface_names(state: Mapping[str, torch.Tensor], kind: str) -> dict[str, torch.Tensor]:
    """A backbone's state dict from our names to those of transformers.

    Args:
        state: under our names.
        kind: type of the backbone: ``'ResNet'``, ``'VisionTransformer'`` or ``'SwinTransformer'``.
    """
    if kind == 'ResNet':
        return {_resnet(key): value for key, value in state.items()}
    named: dict[str, torch.Tensor] = {}
    for key, value in state.items():
        theirs = _swin(key) if kind == 'SwinTransformer' else _vit(key)
        if '.attn.qkv.' in theirs:
            own = 'attention.self' if kind == 'SwinTransformer' else 'attention.attention'
            for name, part in _PARTS:
                named[theirs.replace('attn.qkv', f'{own}.{name}')] = value.chunk(3)[part]
        else:
            named[theirs] = value
    if kind == 'VisionTransformer':
        width = named['layernorm.weight'].shape[0]
        named['pooler.dense.weight'], named['pooler.dense.bias'] = torch.eye(width), torch.zeros(width)
    return named


def _resnet(key: str) -> str:
    parts = dict(conv='convolution', bn='normalization')
    stem = re.fullmatch(r'(conv|bn)1\.(\w+)', key)
    if stem:
        return f'embedder.embedder.{parts[stem[1]]}.{stem[2]}'
    match = re.fullmatch(r'layer(\d)\.(\d+)\.(?:(conv|bn)(\d)|downsample\.([01]))\.(\w+)', key)
    if match is None:
        raise ValueError(f'{key} is no tensor of a ResNet')
    layer = f'encoder.stages.{int(match[1]) - 1}.layers.{match[2]}'
    if match[3]:
        return f'{layer}.layer.{int(match[4]) - 1}.{parts[match[3]]}.{match[6]}'
    return f'{layer}.shortcut.{("convolution", "normalization")[int(match[5])]}.{match[6]}'


def _vit(key: str) -> str:
    for pattern, theirs in (
            (r'^cls_token$', 'embeddings.cls_token'), (r'^pos_embed$', 'embeddings.position_embeddings'),
            (r'^patch_embed\.proj\.', 'embeddings.patch_embeddings.projection.'), (r'^norm\.', 'layernorm.')):
        key = re.sub(pattern, theirs, key)
    return _in_block(key, r'^blocks\.(\d+)\.', r'encoder.layer.\1.')


def _swin(key: str) -> str:
    for pattern, theirs in (
            (r'^patch_embed\.proj\.', 'embeddings.patch_embeddings.projection.'),
            (r'^patch_embed\.norm\.', 'embeddings.norm.'), (r'^norm\.', 'layernorm.'),
            (r'^layers\.(\d+)\.downsample\.', r'encoder.layers.\1.downsample.'),
            (r'attn\.relative_position_bias_table$', 'attention.self.relative_position_bias_table')):
        key = re.sub(pattern, theirs, key)
    return _in_block(key, r'^layers\.(\d+)\.blocks\.(\d+)\.', r'encoder.layers.\1.blocks.\2.')


def _in_block(key: str, ours: str, theirs: str) -> str:
    match = re.match(ours, key)
    if match is None:
        return key
    rest = key[match.end():]
    for pattern, name in _BLOCK:
        rest = re.sub(f'^{pattern}', name, rest)
    return match.expand(theirs) + rest
