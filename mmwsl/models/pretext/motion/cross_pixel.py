"""Cross pixel optical flow similarity for self-supervised learning (Mahendran et al. 2018)."""

import torch
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.necks.mlp import pool
from mmwsl.models.pretext.motion.targets import target
from mmwsl.ops.tensors import embedding_std, normalize, upcast
from mmwsl.registry import PRETEXTS

LOSSES = ('cross_entropy', 'alignment')


def flow_kernel(flow, sigma):
    """Gaussian similarity (B, S, S) of flow vectors (B, S, 2): ``exp(-|f_i - f_j|^2 / 2 sigma^2)``."""
    return torch.exp(-(flow[:, :, None] - flow[:, None]).square().sum(-1) / (2 * sigma**2))


def kernel_cross_entropy(embedding, flow, temperature):
    """Cross-entropy between rows: of the flow's kernel and of the softmax of the embeddings' cosines, without i = j.

    Args:
        embedding: (B, S, S) cosines.
        flow: (B, S, S) similarities in [0, 1].
        temperature: of the softmax.
    """
    own = torch.eye(flow.shape[1], dtype=torch.bool, device=flow.device)
    wanted = flow.masked_fill(own, 0)
    wanted = wanted / wanted.sum(-1, keepdim=True).clamp(min=1e-12)
    logits = (embedding / temperature).masked_fill(own, -1e9)
    return -(wanted * logits.log_softmax(-1)).sum(-1).mean()


def kernel_alignment(embedding, flow):
    """One minus the cosine of the two kernels (B, S, S) as vectors, mean over images."""
    return 1 - F.cosine_similarity(embedding.flatten(1), flow.flatten(1)).mean()


@PRETEXTS.register_module()
class CrossPixelFlow(Model):
    """Embed each pixel so that two are alike if they move alike.

    S pixels of each image are drawn; the matrix of their embeddings' cosines shall be that of their flow's Gaussian
    similarities.

    Args:
        backbone: encoder.
        head: to D maps, :class:`DenseHead`; ``in_channels`` may be left out.
        pixels: S.
        sigma: of the Gaussian, in pixels of flow.
        objective: ``'cross_entropy'`` of the rows, or ``'alignment'`` of the matrices.
        temperature: of the cross-entropy.

    Raises:
        ValueError: an unknown objective, or fewer than two pixels.
    """

    def __init__(self, backbone, head, pixels=512, sigma=1.0, objective='cross_entropy', temperature=0.1, **kwargs):
        super().__init__(backbone, **kwargs)
        if objective not in LOSSES:
            raise ValueError(f'objective={objective!r} is unknown; choose one of {", ".join(LOSSES)}')
        if pixels < 2:
            raise ValueError(f'pixels={pixels}: two or more are compared')
        self.head = self.make(with_channels(head, self.backbone))
        self.pixels, self.sigma, self.objective, self.temperature = pixels, sigma, objective, temperature

    def embed(self, features, size):
        """Unit embeddings (B, D, H, W) of feature maps, at the image's ``size``."""
        return normalize(F.interpolate(upcast(self.head(features)), size=size, mode='bilinear', align_corners=False))

    def loss(self, views, data_samples=None):
        images = views[0]
        flow = target(data_samples, 'flow', images, 2).flatten(2).nan_to_num()  # (B, 2, HW)
        features = self.backbone(images)
        embedding = self.embed(features, images.shape[2:]).flatten(2)  # (B, D, HW)
        drawn = torch.randint(flow.shape[2], (len(images), self.pixels), device=flow.device)  # (B, S)
        flow, embedding = (each.gather(2, drawn[:, None].expand(-1, each.shape[1], -1)).transpose(1, 2)
                           for each in (flow, embedding))  # (B, S, 2), (B, S, D)
        moves = flow_kernel(upcast(flow), self.sigma)
        cosines = embedding @ embedding.transpose(1, 2)
        loss = (kernel_alignment(cosines, moves) if self.objective == 'alignment' else
                kernel_cross_entropy(cosines, moves, self.temperature))
        with torch.no_grad():
            alignment = 1 - kernel_alignment(cosines, moves)
            return dict(loss=loss, alignment=alignment, embedding_std=embedding_std(pool(features)))
