"""Deep generative prior (Pan et al. 2020): a photo restored by the image nearest to it that a generator can make.

Nothing is trained for the task. The noise, and the generator's weights from the first block on, are moved until what
the task would leave of the generated image is what was given.
"""

import copy
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.generative.biggan import BigGAN
from mmwsl.models.generative.blocks import InitialStage

TASKS = ('colorization', 'inpainting', 'super_resolution', 'reconstruction')
LUMA = (0.2989, 0.587, 0.114)
FACTOR = 4  # of super-resolution


def center_hole(size):
    """The published hole: a square of one third of the side in the middle, bool (1, 1, size, size), True in it."""
    hole, side = torch.zeros(1, 1, size, size, dtype=torch.bool), size // 3
    low = (size - side) // 2
    hole[..., low:low + side, low:low + side] = True
    return hole


def degrade(images, task, hole=None):
    """What a task leaves of images (B, 3, H, W) in [-1, 1], differentiable, at the same size.

    * ``'colorization'``: luma, in all three channels
    * ``'inpainting'``: 0 in ``hole``, bool (1, 1, H, W)
    * ``'super_resolution'``: a quarter of the side, bicubic without aliasing, enlarged again; the authors use Lanczos
    * ``'reconstruction'``: the images themselves

    Raises:
        ValueError: an unknown task.
    """
    if task == 'colorization':
        weights = torch.tensor(LUMA, dtype=images.dtype, device=images.device).view(1, 3, 1, 1)
        return (images * weights).sum(1, keepdim=True).expand(-1, 3, -1, -1) / sum(LUMA)
    if task == 'inpainting':
        return images.masked_fill(hole.to(images.device), 0.0)
    if task == 'super_resolution':
        small = F.interpolate(images, scale_factor=1 / FACTOR, mode='bicubic', antialias=True)
        return F.interpolate(small, images.shape[2:], mode='bicubic')
    if task == 'reconstruction':
        return images
    raise ValueError(f'task={task!r} is unknown; choose one of {", ".join(TASKS)}')


def generator_blocks(generator):
    """The blocks of a generator from the noise on, as they are set free: first map, doublings, what follows."""
    if hasattr(generator, 'free_blocks'):
        return generator.free_blocks()
    blocks = []
    for child in generator.children():
        if isinstance(child, InitialStage):
            blocks += [child.linear, *child.blocks]
        elif any(True for _ in child.parameters()):
            blocks.append(child)
    return blocks


@dataclass
class PriorStage:
    """A stage of the search: steps, how many blocks of the generator move, learning rates, weights of the loss.

    ``layers``: how many of the discriminator's last blocks are compared, None = as many as at the start. ``decay``: of
    the generator's rate from each block to the next.
    """
    steps: int
    blocks: int
    generator_lr: float
    noise_lr: float
    feature_weight: float = 1.0
    pixel_weight: float = 0.1
    layers: int | None = None
    decay: float = 1.0


# Our own numbers, for small generators, whose blocks are few: by the noise alone, then with more and more of them.
SMALL_STAGES = (PriorStage(60, 0, 0.0, 5e-2), PriorStage(60, 1, 2e-4, 2e-2), PriorStage(60, 3, 1e-4, 1e-2),
                PriorStage(60, 8, 5e-5, 5e-3, 0.5, 1.0))
# The authors', for BigGAN of 256 px: stages, and the scale of the noise of candidates.
_COLORS = ((200, 2, 5e-5, 2e-3, 0.7), (200, 3, 5e-5, 1e-3, 0.7), (300, 4, 5e-5, 5e-4, 0.8), (400, 5, 5e-5, 5e-5, 0.9),
           (300, 6, 2e-5, 2e-5, 1.0))
_ENLARGED = ((2, 5e-5, 2e-3), (3, 5e-5, 1e-3), (4, 2e-5, 2e-5), (5, 1e-5, 1e-5), (7, 1e-5, 1e-5))
_HOLE = ((5e-5, 2e-3, 1.0, 1.0), (5e-5, 1e-3, 1.0, 1.0), (2e-5, 2e-5, 1.0, 1.0), (2e-5, 2e-5, 1.0, 1.0),
         (1e-5, 1e-5, 0.5, 10.0))
PUBLISHED = dict(
    colorization=(tuple(PriorStage(*each, 1.0, 0.0, 7, decay) for *each, decay in _COLORS), 0.5),
    super_resolution=(tuple(PriorStage(200, *each, 1.0, 1.0, 8) for each in _ENLARGED), 0.3),
    inpainting=(tuple(PriorStage(200, 7, *each, 8) for each in _HOLE), 0.3))
PUBLISHED['reconstruction'] = PUBLISHED['inpainting']  # our choice


def keep_known(made, kept, task, hole=None):
    """Images ``made`` with what the task has left, ``kept``, put back: pixels around a hole, luma beside colors.

    Of other tasks ``made`` as it is. All (B, 3, H, W) in [-1, 1].
    """
    if task == 'inpainting':
        return torch.where(hole.to(made.device), made, kept)
    if task == 'colorization':
        return (made + kept - degrade(made, task)).clamp(-1, 1)
    return made


class GenerativePrior:
    """Restore images by a model's averaged generator; the model stays as it is.

    Args:
        model: an :class:`AdversarialModel` in eval mode.
        task: one of :data:`TASKS`.
        hole: bool (1, 1, H, W), True where nothing is known, of in-painting; None = the published one.
        candidates: codes drawn at the start; the one whose features are nearest is kept.
        layers: how many of the discriminator's last blocks are compared.
        stages: list of :class:`PriorStage`; None = the authors' for BigGAN, our own for the smaller ones.
        noise_weight: of half the mean square of the noise.
        noise_scale: of the candidates' noise; None = the authors' for BigGAN, 1 for the smaller ones.
        progressive: False: all stages leave the generator's weights as they are.
        codes: dict, name -> number, of codes that are known rather than sought, as ``dict(label=207)`` of BigGAN.

    Raises:
        ValueError: an unknown task.
    """

    def __init__(self, model, task, hole=None, candidates=500, layers=3, stages=None, noise_weight=0.02,
                 noise_scale=None, progressive=True, codes=None):
        if task not in TASKS:
            raise ValueError(f'task={task!r} is unknown; choose one of {", ".join(TASKS)}')
        self.model, self.task, self.candidates, self.layers = model, task, candidates, layers
        own_stages, own_scale = PUBLISHED[task] if isinstance(model, BigGAN) else (SMALL_STAGES, 1.0)
        self.stages = own_stages if stages is None else stages
        self.noise_scale = own_scale if noise_scale is None else noise_scale
        self.noise_weight, self.progressive, self.codes = noise_weight, progressive, dict(codes or {})
        self.hole = center_hole(model.generator.size) if task == 'inpainting' and hole is None else hole
        self.critic = copy.deepcopy(model.critic).eval().requires_grad_(False)

    def _features(self, images):
        """Maps of the discriminator's blocks, of what the task leaves."""
        x, maps = degrade(images, self.task, self.hole), []
        for layer in self.critic.layers:
            x = layer(x)
            maps.append(x)
        return maps

    def _distance(self, features, target, layers=None):
        """Mean absolute difference of each image's features, summed over the last ``layers``, (B,)."""
        last = -(layers or self.layers)
        return sum((one - other).abs().flatten(1).mean(1)
                   for one, other in zip(features[last:], target[last:], strict=True))

    def _with_known(self, codes):
        numbers = [name for name, each in codes.items() if each.ndim == 1]
        unknown = sorted(set(self.codes) - set(numbers))
        if unknown:
            raise ValueError(f'{", ".join(unknown)} is no code that {type(self.model).__name__} makes images of; known '
                             f'beforehand can be {", ".join(numbers) or "none"}')
        return codes | {name: torch.full_like(codes[name], number) for name, number in self.codes.items()}

    @torch.no_grad()
    def _start(self, target, count):
        """The codes, one row, whose image's features are nearest to the target's."""
        best, lowest = None, None
        for start in range(0, count, 50):
            codes = self.model.draw_codes(min(50, count - start), target[0].device)
            codes = self._with_known(dict(codes, noise=codes['noise'] * self.noise_scale))
            distance = self._distance(self._features(self.model.generate(codes)['images']), target)
            row = distance.argmin()
            if lowest is None or distance[row] < lowest:
                lowest, best = distance[row], {name: each[row][None].clone() for name, each in codes.items()}
        return best

    def restore(self, image):
        """The image (1, 3, H, W) in [-1, 1] that restores ``image``, of which only what the task leaves is looked at.

        Draws from the global generator.

        Raises:
            ValueError: ``codes`` that the model has not.
        """
        with torch.no_grad():
            target, kept = self._features(image), degrade(image, self.task, self.hole)
        codes = self._start(target, self.candidates)
        generator = copy.deepcopy(self.model.average).eval().requires_grad_(False)
        blocks = generator_blocks(generator)
        noise = nn.Parameter(codes['noise'])
        for stage in self.stages:
            groups = [dict(params=[noise], lr=stage.noise_lr)]
            for number, block in enumerate(blocks[:stage.blocks if self.progressive else 0]):
                free = list(block.requires_grad_(True).parameters())
                groups.append(dict(params=free, lr=stage.generator_lr * stage.decay**number))
            optimizer = torch.optim.Adam(groups, betas=(0.0, 0.999))
            for _ in range(stage.steps):
                made = self.model.generate_with(generator, dict(codes, noise=noise))['images']
                loss = stage.feature_weight * self._distance(self._features(made), target, stage.layers).sum()
                loss = loss + stage.pixel_weight * F.mse_loss(degrade(made, self.task, self.hole), kept)
                loss = loss + self.noise_weight * noise.square().mean() / 2
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        with torch.no_grad():
            return self.model.generate_with(generator, dict(codes, noise=noise))['images']
