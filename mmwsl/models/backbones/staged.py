"""Base of backbones with numbered stages."""

import torch.nn as nn
from mmengine.model import BaseModule


class StagedBackbone(BaseModule):
    """Backbone that runs its stages in order and returns the feature maps of ``out_indices``.

    A subclass adds its stages in their order, by :meth:`add_stage`, those after the last returned one or not.

    Args:
        out_indices: numbers of the stages whose feature maps are returned, in ascending order whatever theirs.
        numbers: of the stages there are.
        meaning: ``numbers`` in words, for the message.

    Returns of ``forward``: tuple of (B, C_i, H_i, W_i).

    Raises:
        ValueError: ``out_indices`` is empty, or names a stage that there is not.
    """

    frozen_stages, norm_eval = -1, False

    def __init__(self, out_indices, numbers, meaning, init_cfg=None):
        super().__init__(init_cfg)
        if not out_indices or not set(out_indices) <= set(numbers):
            raise ValueError(f'{type(self).__name__} out_indices must be some of {meaning}, got {out_indices}')
        self.out_indices = tuple(sorted(set(out_indices)))
        self.stages = {}  # number -> names of its parts

    def add_stage(self, number, parts):
        """Add modules, a dict by name, which become children of the backbone itself."""
        for name, part in parts.items():
            self.add_module(name, part)
        self.stages[number] = tuple(parts)

    def freeze(self, frozen_stages=-1, norm_eval=False):
        """Take the gradient from the stages up to ``frozen_stages``, whose norms stay in eval mode; -1 is none.

        With ``norm_eval`` all batch norms stay in eval mode.

        Raises:
            ValueError: there is no such stage.
        """
        if not -1 <= frozen_stages <= max(self.stages):
            raise ValueError(f'{type(self).__name__} frozen_stages must be between -1 and {max(self.stages)}, got '
                             f'{frozen_stages}')
        self.frozen_stages, self.norm_eval = frozen_stages, norm_eval
        for part in self._frozen():
            part.requires_grad_(False)

    def _frozen(self):
        return [getattr(self, name) for number, names in self.stages.items() if number <= self.frozen_stages
                for name in names]

    def train(self, mode=True):
        super().train(mode)
        if mode:
            for part in self._frozen():
                part.eval()
            if self.norm_eval:
                for module in self.modules():
                    if isinstance(module, nn.modules.batchnorm._BatchNorm):
                        module.eval()
        return self

    def forward(self, x):
        outputs = []
        for number, names in self.stages.items():
            for name in names:
                x = getattr(self, name)(x)
            if number in self.out_indices:
                outputs.append(x)
            if number == self.out_indices[-1]:
                break
        return tuple(outputs)
