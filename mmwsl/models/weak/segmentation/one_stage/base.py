"""Bases of one-stage methods: masks and class maps from one network, and parts of training that begin later."""

import torch

from mmwsl.models.supervised.masks import MaskPredictor
from mmwsl.models.weak.segmentation.base import ClassMapModel


def check_scales(model, scales):
    """Raise if ``scales``, at which a model sees images to label them, are not positive numbers, at least one."""
    if not scales or min(scales) <= 0:
        raise ValueError(f'{type(model).__name__}: assignment_scales={scales} must be positive numbers, at least one')


class OneStageModel(MaskPredictor, ClassMapModel):
    """Base of methods whose network gives class maps and a segmentation; one adds ``loss``, ``tensor``,
    ``scores_and_maps``.

    Args:
        backbone, head: see :class:`ClassMapModel`.
        scales, flip, true_tags, crf: of predictions; see :class:`FCN`.
        kwargs: see :class:`ClassMapModel`.
    """

    def __init__(self, backbone, head, scales=(1.0,), flip=False, true_tags=False, crf=None, **kwargs):
        super().__init__(backbone, head, **kwargs)
        self.set_inference(scales, flip, true_tags, crf)

    def predict(self, images, samples):
        """As :class:`ClassMapModel`, and ``pred_mask`` in pixels of the file, as :class:`FCN` does."""
        return MaskPredictor.predict(self, images, ClassMapModel.predict(self, images, samples))


class WarmupModel(OneStageModel):
    """Base of methods of which a part begins later in training, the segmentation when the classifier has learnt.

    Each part has a switch: a buffer, so that a resumed run goes on as it was, and its value on the host, so that a
    training step does not wait for the device.

    Args:
        backbone, head: see :class:`OneStageModel`.
        warmup: share of training in which the classifiers alone learn.
        kwargs: see :class:`OneStageModel`.

    Raises:
        ValueError: a share out of range.
    """

    def __init__(self, backbone, head, warmup=0.15, **kwargs):
        super().__init__(backbone, head, **kwargs)
        self.shares, self.begun = {}, {}
        self.add_switch('assigning', warmup, 'warmup')

    def add_switch(self, name, share, argument):
        """Add a switch that is on from this ``share`` of training on; ``argument`` is what configs call it.

        Raises:
            ValueError: the share is not in [0, 1].
        """
        if not 0 <= share <= 1:
            raise ValueError(f'{type(self).__name__}: {argument}={share} must be a share of training in [0, 1]')
        self.register_buffer(name, torch.tensor(share == 0))
        self.shares[name], self.begun[name] = share, share == 0

    @property
    def warming_up(self):
        """Whether the classifiers alone learn."""
        return not self.begun['assigning']

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)  # torch and mmengine's resume both come here
        self.begun = {name: bool(getattr(self, name)) for name in self.shares}

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Turn on what begins when ``progress`` in [0, 1] has come to its share."""
        for name, share in self.shares.items():
            if not self.begun[name] and progress >= share - 1e-6:
                self.begun[name] = True
                getattr(self, name).fill_(True)
