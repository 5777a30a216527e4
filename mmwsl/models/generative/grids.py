"""Sample grids of generative models: rows and columns by code, strips from one noise to another."""

import numpy as np
import torch

from mmwsl.visualization.grids import tile_grid


def to_uint8(images):
    """Images in [-1, 1] as uint8."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def code_grid(model, noises=1, seed=0, stages=False, columns=10, scale=2):
    """Images of every code, with the same noise in a block of rows.

    Of a model with parents (FineGAN) a row is a parent and a column one of its children, so that a row shares its
    shape, and everything in a block its noise; the background's code is the same in all. Of a model with codes alone
    (InfoGAN) a row is a noise and a column a code; of one without codes the images are random.

    Args:
        model: an :class:`AdversarialModel` in eval mode.
        noises: blocks, each with a noise of its own.
        seed: of noises and background codes.
        stages: of a model with parents: at the left of each row also the background and the parent's image.
        columns: of a model without codes.
        scale: pixels a pixel, a side.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        ValueError: ``noises`` below 1.
    """
    if noises < 1:
        raise ValueError(f'noises={noises} leaves nothing to draw; give 1 or more')
    device = next(model.parameters()).device
    with torch.random.fork_rng(devices=[device] if device.type == 'cuda' else []):
        torch.manual_seed(seed)
        drawn = model.draw_codes(noises, device)
        generator = model.generator
        children = getattr(generator, 'num_children', getattr(generator, 'num_codes', 0))
        if not children:
            made = model.generate(model.draw_codes(noises * columns, device))['images']
            return tile_grid(_tiles(made), columns, scale=scale)
        numbers = torch.arange(children, device=device)
        if 'parent' in drawn:  # of each parent as many as the smallest has
            group = children // generator.num_parents
            parents = torch.arange(generator.num_parents, device=device)
            numbers = (model.first_child(parents)[:, None] + torch.arange(group, device=device)).flatten()
        codes = {name: each.repeat_interleave(len(numbers), dim=0) for name, each in drawn.items()}
        codes['child'] = numbers.repeat(noises)
        if 'parent' not in codes:
            return tile_grid(_tiles(model.generate(codes)['images']), children, scale=scale)
        codes['parent'] = model.parents_of(codes['child'])
        made = model.generate(codes)
    rows = _tiles(made['images']).reshape(noises * generator.num_parents, group, *_tiles(made['images']).shape[1:])
    if not stages:
        return tile_grid(rows.reshape(-1, *rows.shape[2:]), group, scale=scale)
    left = [_tiles(made[name]).reshape(rows.shape)[:, :1] for name in ('background', 'parent')]
    rows = np.concatenate([*left, rows], axis=1)
    return tile_grid(rows.reshape(-1, *rows.shape[2:]), group + 2, scale=scale, breaks=(2,))


def interpolation_strip(model, steps=8, rows=4, seed=0, scale=2):
    """Images along straight lines from one noise to another, a row each, all codes but the noise being the row's own.

    Args:
        model: an :class:`AdversarialModel` in eval mode.
        steps: images a row, at least 2.
        rows: number of lines.
        seed: of codes and noises.
        scale: pixels a pixel, a side.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        ValueError: fewer than two steps.
    """
    if steps < 2 or rows < 1:
        raise ValueError(f'steps={steps} must be 2 or more, rows={rows} 1 or more')
    device = next(model.parameters()).device
    with torch.random.fork_rng(devices=[device] if device.type == 'cuda' else []):
        torch.manual_seed(seed)
        first, last = model.draw_codes(rows, device), model.draw_codes(rows, device)['noise']
        codes = {name: each.repeat_interleave(steps, dim=0) for name, each in first.items()}
        weights = torch.linspace(0, 1, steps, device=device).repeat(rows)
        shape = [-1] + [1] * (last.ndim - 1)
        codes['noise'] = torch.lerp(codes['noise'], last.repeat_interleave(steps, dim=0), weights.view(shape))
        return tile_grid(_tiles(model.generate(codes)['images']), steps, scale=scale)


def _tiles(images):
    return to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()
