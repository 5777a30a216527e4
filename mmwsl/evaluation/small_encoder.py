"""A small network that learns, within an evaluation, to tell categorical factors of small images.

On scenes whose factors are known it judges generated images; on generated images whose codes are known it is the
encoder of FineGAN's clustering.
"""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

BLOCK = 500  # images at once


class SmallEncoder(nn.Module):
    """Three convolutions, averaged to features (B, D), and one linear layer a factor.

    Args:
        counts: how many values each factor has.
        channels: D; earlier layers have half of it.
    """

    def __init__(self, counts, channels=64):
        super().__init__()
        widths, layers = [3, channels // 2, channels, channels], []
        for number, (before, after) in enumerate(zip(widths, widths[1:], strict=False)):
            layers += [nn.Conv2d(before, after, 3, 2 if number < 2 else 1, 1, bias=False), nn.BatchNorm2d(after),
                       nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Linear(channels, count) for count in counts)

    def features(self, images):
        """Images (B, 3, H, W) in [-1, 1] to (B, D)."""
        return self.layers(images).mean((2, 3))

    def forward(self, images):
        """Images (B, 3, H, W) in [-1, 1] to a list of logits (B, count)."""
        features = self.features(images)
        return [head(features) for head in self.heads]


def train_encoder(images, targets, counts, steps=400, batch_size=64, lr=5e-3, seed=0, device='cpu'):
    """Train a :class:`SmallEncoder`; the caller's random state stays as it is.

    Args:
        images: uint8 (N, 3, H, W).
        targets: int64 (N, F).
        counts: how many values each of the F factors has.
        steps: of AdamW, with a rate that rises and falls once.
        batch_size, lr, seed, device: of the training.

    Returns:
        The network in eval mode.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = SmallEncoder(counts).to(device).train()
        optimizer = torch.optim.AdamW(network.parameters(), lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
        generator = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            rows = torch.randint(len(images), (batch_size,), generator=generator)
            logits = network(unit(images[rows]).to(device))
            truth = targets[rows].to(device)
            loss = sum(F.cross_entropy(each, truth[:, factor]) for factor, each in enumerate(logits))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def unit(images):
    """uint8 images in [-1, 1]."""
    return images.float() / 127.5 - 1


@torch.no_grad()
def encode(network, images, device='cpu'):
    """Features (N, D) of uint8 images (N, 3, H, W), and probabilities of each factor, as arrays."""
    features, probabilities = [], []
    for part in images.split(BLOCK):
        part = network.features(unit(part).to(device))
        features.append(part.cpu().numpy())
        probabilities.append([head(part).softmax(1).cpu().numpy() for head in network.heads])
    return np.concatenate(features), [np.concatenate(each) for each in zip(*probabilities, strict=True)]
