"""Weights of BigGAN as its authors' PyTorch code writes them, under our names.

Each file holds one network: ``G_ema.pth`` the averaged generator, ``D.pth`` the discriminator. The weights that Deep
Generative Prior was published with, of 256 px and width 96, are such files.
"""

import re
from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F

_BLOCK = dict(conv1='conv1', conv2='conv2', conv_sc='shortcut', bn1='norm1', bn2='norm2')
_ATTENTION = dict(theta='query', phi='key', g='value', o='output', gamma='gamma')
_ENDS = {'shared': 'classes', 'embed': 'classes', 'output_layer.0': 'output.0', 'output_layer.2': 'output.2'}
_STATISTICS = {'stored_mean': 'running_mean', 'stored_var': 'running_var'}
# counters and logged norms, and norms of an experiment that Deep Generative Prior's code has and leaves unused
_UNUSED = re.compile(r'(^|\.)(sv0|accumulation_counter|num_batches_tracked)$|\.in[12]\.')


def is_published_biggan(keys: Iterable[str]) -> bool:
    """Whether the keys of a state dict are those of the authors' files."""
    return 'blocks.0.0.conv1.u0' in set(keys)


def from_published_biggan(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict of one of the authors' files for our ``BigGANGenerator`` or ``BigGANDiscriminator``.

    Their spectral norms keep one singular vector ``u0`` and make a step of the power iteration in every pass; ours keep
    both vectors, which are what this step gives.

    Raises:
        ValueError: a tensor that has no place in ours, or files of several singular values.
    """
    renamed, generator = {}, 'shared.weight' in state
    attended = sorted({int(key.split('.')[1]) for key in state if re.match(r'blocks\.\d+\.1\.', key)})
    for key, value in state.items():
        if _UNUSED.search(key) or key.endswith('.u0'):
            continue
        # norms of their own kind lie one level deeper
        layer, _, part = key.replace('.bn.stored', '.stored').rpartition('.')
        name = _layer_name(layer, generator, attended) if layer else None
        if name is None or re.fullmatch(r'u[1-9]\d*|sv[1-9]\d*', part):
            raise ValueError(f'it looks like published weights of BigGAN, but {key} has no place in ours; only the '
                             'layout with an embedding that all blocks share, chunks of noise and one singular value '
                             'is known')
        vector = state.get(f'{layer}.u0') if part == 'weight' else None
        if vector is not None:
            matrix = value.flatten(1)
            right = F.normalize(vector.flatten() @ matrix, dim=0, eps=1e-6)
            renamed[f'{name}.parametrizations.weight.0._u'] = F.normalize(matrix @ right, dim=0, eps=1e-6)
            renamed[f'{name}.parametrizations.weight.0._v'] = right
            renamed[f'{name}.parametrizations.weight.original'] = value
        elif part in _STATISTICS:
            name = name if name == 'output.0' else f'{name}.norm'
            renamed[f'{name}.{_STATISTICS[part]}'] = value
        else:
            renamed[f'{name}.{dict(gain="weight").get(part, part)}'] = value
    return renamed


def from_biggan_files(generator: Mapping[str, torch.Tensor],
                      discriminator: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict of our ``BigGAN``, of those of ``G_ema.pth`` and ``D.pth``.

    The generator that would be trained on is the average as well.

    Raises:
        ValueError: as :func:`from_published_biggan`, or the two are not a generator and a discriminator.
    """
    if 'shared.weight' not in generator or 'embed.weight' not in discriminator:
        raise ValueError('a generator of BigGAN has a tensor shared.weight and a discriminator embed.weight; give '
                         'G_ema.pth as the first and D.pth as the second')
    made, critic = from_published_biggan(generator), from_published_biggan(discriminator)
    return {**{f'generator.{key}': value for key, value in made.items()},
            **{f'average.{key}': value for key, value in made.items()},
            **{f'discriminator.{key}': value for key, value in critic.items()}}


def _layer_name(layer: str, generator: bool, attended: list[int]) -> str | None:
    """Our name of a layer, of theirs; None if there is none."""
    match = re.fullmatch(r'blocks\.(\d+)\.([01])(?:\.(\w+))?(?:\.(gain|bias))?', layer)
    if match is None:
        own = 'linear' if generator else 'real'
        return own if layer == 'linear' else _ENDS.get(layer)
    number, place, part, end = int(match[1]), match[2], match[3], match[4]
    if place == '1':
        name = 'attention' if generator else f'layers.{_position(number, attended) + 1}'
        name = f'blocks.{number}.{name}' if generator else name
        return name if part is None else f'{name}.{_ATTENTION[part]}' if part in _ATTENTION else None
    if part not in _BLOCK:
        return None
    start = f'blocks.{number}' if generator else f'layers.{_position(number, attended)}'
    return f'{start}.{_BLOCK[part]}' + (f'.{end}' if end else '')


def _position(number: int, attended: list[int]) -> int:
    """Where a block of the discriminator stands among blocks and attention."""
    return number + sum(each < number for each in attended)
