"""Deep generative prior (Pan et al. 2020): a photo restored by the image nearest to it that a generator can make.

Nothing is trained for the task. The noise, and the generator's weights from the first block on, are moved until what
the task would leave of the generated image is what was given.
"""

import copy
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

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
    blocks = []
    for child in generator.children():
        if isinstance(child, InitialStage):
            blocks += [child.linear, *child.blocks]
        elif any(True for _ in child.parameters()):
            blocks.append(child)
    return blocks


@dataclass
class PriorStage:
    """A stage of the search: steps, how many blocks of the generator move, learning rates, weights of the loss."""
    steps: int
    blocks: int
    generator_lr: float
    noise_lr: float
    feature_weight: float = 1.0
    pixel_weight: float = 0.1


# Our own numbers, for small generators, whose blocks are few: by the noise alone, then with more and more of them.
SMALL_STAGES = (PriorStage(60, 0, 0.0, 5e-2), PriorStage(60, 1, 2e-4, 2e-2), PriorStage(60, 3, 1e-4, 1e-2),
                PriorStage(60, 8, 5e-5, 5e-3, 0.5, 1.0))


class GenerativePrior:
    """Restore images by a model's averaged generator; the model stays as it is.

    Args:
        model: an :class:`AdversarialModel` in eval mode.
        task: one of :data:`TASKS`.
        hole: bool (1, 1, H, W), True where nothing is known, of in-painting; None = the published one.
        candidates: codes drawn at the start; the one whose features are nearest is kept.
        layers: how many of the discriminator's last blocks are compared.
        stages: list of :class:`PriorStage`.
        noise_weight: of half the mean square of the noise.
        progressive: False: all stages leave the generator's weights as they are.

    Raises:
        ValueError: an unknown task.
    """

    def __init__(self, model, task, hole=None, candidates=500, layers=3, stages=SMALL_STAGES, noise_weight=0.02,
                 progressive=True):
        if task not in TASKS:
            raise ValueError(f'task={task!r} is unknown; choose one of {", ".join(TASKS)}')
        self.model, self.task, self.candidates, self.layers = model, task, candidates, layers
        self.stages, self.noise_weight, self.progressive = stages, noise_weight, progressive
        self.hole = center_hole(model.generator.size) if task == 'inpainting' and hole is None else hole
        self.critic = copy.deepcopy(model.critic).eval().requires_grad_(False)

    def _features(self, images):
        """Maps of the discriminator's last blocks, of what the task leaves."""
        x, maps = degrade(images, self.task, self.hole), []
        for layer in self.critic.layers:
            x = layer(x)
            maps.append(x)
        return maps[-self.layers:]

    def _distance(self, features, target):
        """Mean absolute difference of each image's features, summed over layers, (B,)."""
        return sum((one - other).abs().flatten(1).mean(1) for one, other in zip(features, target, strict=True))

    @torch.no_grad()
    def _start(self, target, count):
        """The codes, one row, whose image's features are nearest to the target's."""
        best, lowest = None, None
        for start in range(0, count, 50):
            codes = self.model.draw_codes(min(50, count - start), target[0].device)
            distance = self._distance(self._features(self.model.generate(codes)['images']), target)
            row = distance.argmin()
            if lowest is None or distance[row] < lowest:
                lowest, best = distance[row], {name: each[row][None].clone() for name, each in codes.items()}
        return best

    def restore(self, image):
        """The image (1, 3, H, W) in [-1, 1] that restores ``image``, of which only what the task leaves is looked at.

        Draws from the global generator.
        """
        with torch.no_grad():
            target, kept = self._features(image), degrade(image, self.task, self.hole)
        codes = self._start(target, self.candidates)
        generator = copy.deepcopy(self.model.average).eval().requires_grad_(False)
        blocks = generator_blocks(generator)
        noise = nn.Parameter(codes['noise'])
        for stage in self.stages:
            free = [each for block in blocks[:stage.blocks if self.progressive else 0] for each in block.parameters()]
            for each in free:
                each.requires_grad_(True)
            groups = [dict(params=[noise], lr=stage.noise_lr)]
            if free:
                groups.append(dict(params=free, lr=stage.generator_lr))
            optimizer = torch.optim.Adam(groups, betas=(0.0, 0.999))
            for _ in range(stage.steps):
                made = self.model.generate_with(generator, dict(codes, noise=noise))['images']
                loss = stage.feature_weight * self._distance(self._features(made), target).sum()
                loss = loss + stage.pixel_weight * F.mse_loss(degrade(made, self.task, self.hole), kept)
                loss = loss + self.noise_weight * noise.square().mean() / 2
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        with torch.no_grad():
            return self.model.generate_with(generator, dict(codes, noise=noise))['images']
