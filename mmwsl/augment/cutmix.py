"""CutMix (Yun et al. 2019, arXiv:1905.04899): a box of another image, and a label mixed by its area."""

import torch

from mmwsl.augment.sampling import check_images


class CutMix:
    """Paste a box of one image of the batch into the next, the same box for all.

    The box has the area 1 - lambda, lambda ~ Beta(alpha, alpha), and its centre anywhere; what lies beyond the image is
    cut off.

    Args:
        alpha (float): of the Beta distribution.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        if alpha <= 0:
            raise ValueError(f'CutMix: alpha={alpha} must be above 0')
        self.alpha = alpha

    def __call__(self, images: torch.Tensor,
                 generator: torch.Generator | None = None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Mix a batch (B, C, H, W).

        Returns:
            tuple: images; order (B,), which image each one's box is from; the share of pixels that are still its own, a
            tensor.
        """
        check_images(images)
        height, width = images.shape[2:]
        device = images.device
        gamma = torch.full((2,), float(self.alpha), device=device)
        gamma = torch._standard_gamma(gamma, generator=generator) if generator else torch._standard_gamma(gamma)
        side = (gamma[1] / gamma.sum()).sqrt()  # of the box, as a share of the image's: 1 - lambda is its area
        centre = torch.rand(2, device=device, generator=generator)
        rows, columns = torch.arange(height, device=device), torch.arange(width, device=device)
        inside = [(places >= ((middle - side / 2) * count).round()) & (places < ((middle + side / 2) * count).round())
                  for places, middle, count in zip((rows, columns), centre, (height, width), strict=True)]
        box = inside[0][:, None] & inside[1]
        order = torch.randperm(len(images), device=device, generator=generator)
        return torch.where(box, images[order], images), order, 1 - box.float().mean()
