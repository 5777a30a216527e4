"""Class activation and saliency maps: CAM, Grad-CAM, back-propagated saliency, SmoothGrad."""

import torch
import torch.nn.functional as F


def class_activation_maps(features, weights):
    """CAM (Zhou et al. 2016, equation 2): ``M_c(x, y) = sum_k w_k^c f_k(x, y)``, without bias and without rectifying.

    Where the classifier is a linear layer after global average pooling, the average of ``M_c`` is the class's score
    but for the bias; the same weights as a 1 x 1 convolution before the pooling give the same maps.

    Args:
        features: (B, K, h, w).
        weights: (C, K), of the linear layer.

    Returns:
        (B, C, h, w).
    """
    return torch.einsum('bkhw,ck->bchw', features, weights)


def grad_cam(scores, features, grid=None):
    """Grad-CAM (Selvaraju et al. 2017, equations 1 and 2) of one class per image.

    Args:
        scores: (B,), the score before softmax of each image's class.
        features: (B, K, h, w), of which ``scores`` were computed, with their graph; or a transformer's tokens
            (B, N, K), of which the last h w are the patches.
        grid: (h, w) of tokens.

    Returns:
        (B, h, w), at least 0. On a network of average pooling and a linear layer: the rectified CAM / (h w).
    """
    gradient, = torch.autograd.grad(scores.sum(), features, retain_graph=True)
    if features.ndim == 3:
        features, gradient = (tokens[:, -grid[0] * grid[1]:].transpose(1, 2).unflatten(2, grid)
                              for tokens in (features, gradient))
    return weighted_by_gradients(features, gradient)


def weighted_by_gradients(features, gradients):
    """Grad-CAM (B, h, w) of maps (B, K, h, w) and the score's gradients by them; see :func:`grad_cam`."""
    return (gradients.mean((2, 3), keepdim=True) * features).sum(1).relu()


def input_gradient(score_of, images):
    """The gradient (B, C, H, W) of ``score_of(images)`` (B,), one score per image, with respect to the images."""
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        gradient, = torch.autograd.grad(score_of(images).sum(), images)
    return gradient


def saliency(score_of, images):
    """Saliency (Simonyan et al. 2014, section 3.1): the largest gradient of a pixel's channels, (B, H, W)."""
    return input_gradient(score_of, images).abs().amax(1)


def smooth_gradient(score_of, images, samples=25, noise=0.15, squared=False, generator=None):
    """SmoothGrad (Smilkov et al. 2017): the mean gradient at noisy copies of the images.

    Args:
        score_of: images -> (B,).
        images: (B, C, H, W).
        samples: noisy copies.
        noise: standard deviation, as a share of each image's range of values.
        squared: average the squares.

    Returns:
        (B, C, H, W).
    """
    spread = (images.amax((1, 2, 3)) - images.amin((1, 2, 3))).view(-1, 1, 1, 1) * noise
    total = torch.zeros_like(images)
    for _ in range(samples):
        drawn = torch.randn(images.shape, device=images.device, generator=generator)
        gradient = input_gradient(score_of, images + drawn * spread)
        total += gradient.square() if squared else gradient
    return total / samples


def normalize_maps(maps):
    """Scale each map (..., H, W) to [0, 1] by its own minimum and maximum; a constant one becomes 0, NaN remains."""
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    return torch.where(high == low, 0.0, (maps - low) / (high - low).clamp(min=torch.finfo(maps.dtype).tiny))


def resize_maps(maps, size):
    """Resize maps (B, K, h, w), bicubic."""
    return F.interpolate(maps.float(), size=tuple(size), mode='bicubic', align_corners=False)
