"""The adversarial training step that all generative methods share: halves, frozen in turn, and averaged generators."""

import copy
from contextlib import contextmanager

import torch
import torch.nn.functional as F

from mmwsl.dist import sum_over_ranks, world_size
from mmwsl.models.base import Model
from mmwsl.models.generative.grids import code_grid, to_uint8
from mmwsl.ops.tensors import upcast
from mmwsl.structures import add_predictions


def real_loss(logits):
    """Binary cross-entropy of logits against "real": -log D. The generator's non-saturating loss as well."""
    return F.softplus(-upcast(logits)).mean()


def fake_loss(logits):
    """Binary cross-entropy of logits against "fake": -log(1 - D)."""
    return F.softplus(upcast(logits)).mean()


@torch.no_grad()
def average_gradients(parameters):
    """Average the gradients of all ranks; nothing on one rank. Every rank must have them for the same parameters."""
    if world_size() == 1:
        return
    gradients = [each.grad for each in parameters if each.grad is not None]
    flat = sum_over_ranks(torch.cat([each.flatten() for each in gradients])).div_(world_size())
    for gradient, mean in zip(gradients, flat.split([each.numel() for each in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


class AdversarialModel(Model):
    """Base of generative methods: a generator against discriminators, each half with an optimizer of its own.

    A step draws codes, generates once, steps the discriminators on what was generated, without gradient to the
    generator, and then the generator through the discriminators as they are now, with their weights frozen. What the
    running average of the generator's weights makes are the samples.

    A method gives ``draw_codes``, ``generate_with``, ``discriminator_loss`` and ``generator_loss``; batches are images
    in [-1, 1]. Ranks: the step averages gradients itself, so the model is not wrapped (several backward passes through
    parts of it would confuse a wrapper).

    Args:
        generator: config or module.
        momentum: weight of the old average of the generator's parameters at each step.
        kwargs: of :class:`Model`.

    Raises:
        ValueError: ``momentum`` is not in [0, 1).
    """

    #: name of a half -> dotted names of its modules, in the order of the steps
    halves: dict[str, tuple[str, ...]] = dict(discriminator=('discriminator',), generator=('generator',))
    averages_gradients = True

    def __init__(self, generator, momentum=0.999, **kwargs):
        super().__init__(None, **kwargs)
        if not 0 <= momentum < 1:
            raise ValueError(f'{type(self).__name__}: momentum={momentum} is the weight of the old average and must be '
                             'in [0, 1)')
        self.momentum = momentum
        self.generator = self.make(generator)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)

    def init_weights(self):
        super().init_weights()
        self.average.load_state_dict(self.generator.state_dict())

    def half_parameters(self, half):
        """The parameters of a half, each once."""
        parameters = [each for name in self.halves[half] for each in self.get_submodule(name).parameters()]
        return list(dict.fromkeys(parameters))

    @contextmanager
    def _only(self, half):
        """Meanwhile no weights but those of ``half`` get a gradient."""
        others = [each for other in self.halves if other != half for each in self.half_parameters(other)
                  if each.requires_grad]
        try:
            for each in others:
                each.requires_grad_(False)
            yield
        finally:
            for each in others:
                each.requires_grad_(True)

    # -- what a method gives

    def draw_codes(self, count, device):
        """Random codes of ``count`` images: dict of tensors (B, ...)."""
        raise NotImplementedError

    def generate_with(self, generator, codes):
        """What ``generator`` makes of codes: dict with ``images`` (B, 3, H, W) in [-1, 1] and what else there is."""
        raise NotImplementedError

    def discriminator_loss(self, inputs, data_samples, fakes, codes):
        """dict of losses of the discriminators; ``fakes`` have no gradient."""
        raise NotImplementedError

    def generator_loss(self, fakes, codes):
        """dict of losses of the generator."""
        raise NotImplementedError

    # -- the step

    def half_losses(self, half, inputs, data_samples, fakes, codes):
        """The losses of a half, of a batch and of what was generated beside it."""
        if half == 'generator':
            return self.generator_loss(fakes, codes)
        return self.discriminator_loss(inputs, data_samples, {name: each.detach() for name, each in fakes.items()},
                                       codes)

    def train_step(self, data, optim_wrapper):
        """Step every half; returns what is logged, on the device."""
        return self.step_halves(optim_wrapper, **self.data_preprocessor(data, training=True))

    def step_halves(self, optim_wrapper, inputs, data_samples=None):
        """:meth:`train_step` on a batch that the data preprocessor has made."""
        logs = {}
        with optim_wrapper.optim_context(self):
            codes = self.training_codes(_count(inputs), _device(inputs))
            fakes = self.generate_with(self.generator, codes)
        for half in self.halves:
            wrapper = optim_wrapper[half]
            with wrapper.optim_context(self), self._only(half):
                loss, log = self.parse_losses(self.half_losses(half, inputs, data_samples, fakes, codes))
                log.pop('loss')
                wrapper.zero_grad()
                wrapper.backward(loss)
            average_gradients(self.half_parameters(half))
            wrapper.step()
            logs.update(log)
        return logs

    def training_codes(self, count, device):
        """The codes of a training step; :meth:`draw_codes` unless a method chooses among them."""
        return self.draw_codes(count, device)

    def loss(self, inputs, data_samples=None):
        """Losses of both halves, of one generated batch; for logs and tests, as the two want opposite things."""
        codes = self.training_codes(_count(inputs), _device(inputs))
        fakes = self.generate_with(self.generator, codes)
        return {name: value for half in self.halves
                for name, value in self.half_losses(half, inputs, data_samples, fakes, codes).items()}

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Move the average: parameters by ``momentum``; running statistics of norms, averages already, are copied."""
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), 1 - self.momentum)
        torch._foreach_copy_(list(self.average.buffers()), list(self.generator.buffers()))

    # -- samples

    @torch.no_grad()
    def generate(self, codes):
        """What the averaged generator makes of codes, as :meth:`generate_with`."""
        return self.generate_with(self.average, codes)

    def sample_grid(self, **settings):
        """See :func:`code_grid`."""
        return code_grid(self, **settings)

    def predict(self, images, samples):
        """Generate an image beside each one given: ``pred_image`` (3, H, W) uint8, ``pred_codes``, a dict of them, and
        ``pred_masks`` (1, H, W) bool where the method has one. Codes are random."""
        codes = self.draw_codes(len(images), images.device)
        made = self.generate(codes)
        add_predictions(samples, pred_image=to_uint8(made['images']), pred_codes=split_codes(codes))
        if 'mask' in made:
            add_predictions(samples, pred_masks=made['mask'] > 0.5)
        return samples

    @property
    def critic(self):
        """The :class:`Encoder` that judges whole images, whose maps compare them."""
        return self.discriminator.trunk

    def tensor(self, images, data_samples=None):
        """Images (B, 3, H, W) in [-1, 1] of the averaged generator, as many as are given, by random codes."""
        return self.generate(self.draw_codes(len(images), images.device))['images']

    @property
    def predicts_features(self):
        """False: predictions are images."""
        return False


def one_hot(numbers, count):
    """Numbers (B,) as rows (B, ``count``) of one 1, without looking at them (torch's own would wait for the device)."""
    return (numbers[:, None] == torch.arange(count, device=numbers.device)).float()


def split_codes(codes):
    """One dict of codes an image, of those of a batch."""
    return [dict(zip(codes, each, strict=True)) for each in zip(*codes.values(), strict=True)]


def _device(inputs):
    return (inputs[0] if isinstance(inputs, (list, tuple)) else inputs).device


def _count(inputs):
    return len(inputs[0] if isinstance(inputs, (list, tuple)) else inputs)
