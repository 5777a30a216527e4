"""FineGAN (Singh et al. 2019): background, shape and looks disentangled by codes, without labels but with boxes."""

import torch
import torch.nn.functional as F

from mmwsl.dist import all_mean
from mmwsl.models.generative.adversarial import (
    AdversarialModel,
    fake_loss,
    one_hot,
    real_loss,
    split_codes,
)
from mmwsl.models.generative.grids import to_uint8
from mmwsl.models.generative.patches import patches_outside
from mmwsl.models.layers.norm import kept_statistics
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


@MODELS.register_module()
class FineGAN(AdversarialModel):
    """Generate a background, a parent's shape on it, and a child's looks on that, each by a code of its own.

    A batch is images, or two lists of them: those that hold the object (against which children are judged), and those
    whose background is seen, whose boxes ``gt_boxes`` are. The box of each training image is what the method is told:
    patches outside of it are true background.

    Only the background's patches and the child's image are judged real or fake. The parent's code must be told from
    the parent's masked foreground and the child's from the child's, by classifiers that learn with the generator.

    Args:
        generator: config or module, :class:`FineGANGenerator`.
        background_discriminator: config or module, :class:`PatchDiscriminator`.
        parent_discriminator: config or module, :class:`CodeClassifier`.
        child_discriminator: config or module, :class:`CodeDiscriminator`, whose ``code`` learns with the generator.
        background_size: side to which generated backgrounds are resized for their discriminator; None = as they are.
        background_weight: of the real-or-fake losses of backgrounds.
        candidates: noises drawn for each image while :attr:`hard_negatives` is on.
        kwargs: of :class:`AdversarialModel`.

    Attributes:
        hard_negatives: draw ``candidates`` noises an image and keep the one whose child is least told; set by
            :class:`HardNegativeHook` near the end of training.
    """

    halves = dict(discriminator=('background_discriminator', 'child_discriminator.trunk', 'child_discriminator.real'),
                  generator=('generator', 'parent_discriminator', 'child_discriminator.code'))
    hard_negatives = False

    def __init__(self, generator, background_discriminator, parent_discriminator, child_discriminator,
                 background_size=None, background_weight=10.0, candidates=10, **kwargs):
        super().__init__(generator, **kwargs)
        self.background_discriminator = self.make(background_discriminator)
        self.parent_discriminator = self.make(parent_discriminator)
        self.child_discriminator = self.make(child_discriminator)
        self.background_size, self.background_weight = background_size, background_weight
        self.candidates = candidates

    @property
    def critic(self):
        return self.child_discriminator.trunk

    # -- codes and images

    def parents_of(self, children):
        """The parent's code of each child's: groups of consecutive children, as equal as they can be."""
        return children * self.generator.num_parents // self.generator.num_children

    def first_child(self, parents):
        """The first of the children of each parent's code."""
        return -(-parents * self.generator.num_children // self.generator.num_parents)

    def draw_codes(self, count, device, tied=False):
        """``noise`` (B, D) normal; ``child``, ``parent``, ``background`` (B,) numbers.

        Args:
            count, device: of the codes.
            tied: the background's code is the child's, as in training; otherwise it is drawn by itself.
        """
        child = torch.randint(self.generator.num_children, (count,), device=device)
        background = child if tied else torch.randint(self.generator.num_children, (count,), device=device)
        return dict(noise=torch.randn(count, self.generator.noise_dims, device=device), child=child,
                    parent=self.parents_of(child), background=background)

    def training_codes(self, count, device):
        codes = self.draw_codes(count, device, tied=True)
        if self.hard_negatives:
            codes['noise'] = self._least_told(codes)
        return codes

    @torch.no_grad()
    def _least_told(self, codes):
        """Of several noises the one by which the child's code has the lowest probability, (B, D)."""
        best = lowest = None
        with kept_statistics(self.generator), kept_statistics(self.child_discriminator):
            for _ in range(self.candidates):
                noise = torch.randn_like(codes['noise'])
                made = self.generate_with(self.generator, dict(codes, noise=noise))
                _, logits = self.child_discriminator(made['mask'] * made['child_foreground'])
                told = logits.float().log_softmax(1).gather(1, codes['child'][:, None])
                if best is None:
                    best, lowest = noise, told
                else:
                    best = torch.where(told < lowest, noise, best)
                    lowest = torch.minimum(told, lowest)
        return best

    def generate_with(self, generator, codes):
        parents, children = generator.num_parents, generator.num_children
        return generator(codes['noise'], one_hot(codes['background'], children), one_hot(codes['parent'], parents),
                         one_hot(codes['child'], children))

    def _background(self, fakes):
        if self.background_size is None:
            return fakes['background']
        return F.interpolate(fakes['background'], (self.background_size,) * 2, mode='bilinear', align_corners=True)

    # -- losses

    def discriminator_loss(self, inputs, data_samples, fakes, codes):
        images, scenes = _two_views(inputs)
        boxes = data_samples.get('gt_boxes') if data_samples is not None else None
        if boxes is None:
            raise ValueError("FineGAN needs gt_boxes of the training images, one of the object in each; give "
                             "train_dataloader.dataset supervision='boxes' and a set that has them")
        critic = self.background_discriminator
        real, background = critic(scenes)
        real, background = upcast(real), upcast(background)
        outside = patches_outside(boxes, real.shape[2:], critic.field, critic.stride).to(real.dtype)
        share = all_mean(outside.mean()).detach()
        # The mean over the patches outside of boxes, of all ranks; 0 where there is none.
        seen = (F.softplus(-real) * outside).mean() / share.clamp(min=1e-6)
        fake, _ = critic(self._background(fakes))
        real_child, _ = self.child_discriminator(images)
        fake_child, _ = self.child_discriminator(fakes['images'])
        return dict(loss_background_discriminator=self.background_weight * (seen + fake_loss(fake)),
                    loss_outside=F.binary_cross_entropy_with_logits(background, outside),
                    loss_child_discriminator=real_loss(real_child) + fake_loss(fake_child))

    def generator_loss(self, fakes, codes):
        real, background = self.background_discriminator(self._background(fakes))
        parent = self.parent_discriminator(fakes['parent_mask'] * fakes['parent_foreground'])
        _, child = self.child_discriminator(fakes['mask'] * fakes['child_foreground'])
        child_real, _ = self.child_discriminator(fakes['images'])
        return dict(loss_background=self.background_weight * real_loss(real), loss_all_background=real_loss(background),
                    loss_child=real_loss(child_real),
                    loss_parent_code=F.cross_entropy(upcast(parent), codes['parent']),
                    loss_child_code=F.cross_entropy(upcast(child), codes['child']),
                    # a mask that is everywhere 0 or 1 tells nothing
                    parent_mask=fakes['parent_mask'].mean(), child_mask=fakes['mask'].mean(),
                    parent_accuracy=(parent.argmax(1) == codes['parent']).float().mean(),
                    child_accuracy=(child.argmax(1) == codes['child']).float().mean())

    # -- samples

    def predict(self, images, samples):
        """As :class:`AdversarialModel`'s, and ``pred_swaps``: dict of masks (1, H, W) bool, of the same image with
        another child of its parent (``child``) or another parent (``parent``), where there is one."""
        codes = self.draw_codes(len(images), images.device)
        made = self.generate(codes)
        add_predictions(samples, pred_image=to_uint8(made['images']), pred_codes=split_codes(codes),
                        pred_masks=made['mask'] > 0.5)
        swaps = {name: self.generate(swapped)['mask'] > 0.5 for name, swapped in self._swapped(codes).items()}
        return add_predictions(samples, pred_swaps=split_codes(swaps)) if swaps else samples

    def _swapped(self, codes):
        """Codes of which one differs, by name."""
        swapped, first = {}, self.first_child(codes['parent'])
        if self.generator.num_children > self.generator.num_parents:
            siblings = self.first_child(codes['parent'] + 1) - first
            step = 1 + (torch.rand_like(siblings, dtype=torch.float32) * (siblings - 1)).long()
            swapped['child'] = dict(codes, child=first + (codes['child'] - first + step) % siblings)
        if self.generator.num_parents > 1:
            step = torch.randint_like(codes['parent'], 1, self.generator.num_parents)
            swapped['parent'] = dict(codes, parent=(codes['parent'] + step) % self.generator.num_parents)
        return swapped


def _two_views(inputs):
    """Images of objects and images of backgrounds; the same where there is one kind.

    Raises:
        ValueError: more than two.
    """
    if not isinstance(inputs, (list, tuple)):
        return inputs, inputs
    if len(inputs) > 2:
        raise ValueError(f'FineGAN takes images of objects and images of backgrounds, got {len(inputs)} views')
    return inputs[0], inputs[-1]
