"""Base of backbones with numbered stages."""

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
