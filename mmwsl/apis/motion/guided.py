"""What a network of motion propagation is good for: a picture moved by arrows, and objects cut out by clicks."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.motion.frames import check_picture, write_image
from mmwsl.datasets.transforms.decode import read_image, resize
from mmwsl.files import check_writable
from mmwsl.flow import draw_flow, move, resize_flow, sparse_of_arrows

VIDEOS = ('.mp4', '.gif')
FASTEST = 1000  # frames a second; a GIF counts in milliseconds
DIRECTIONS = 8  # evenly around
CLICK = 0.3  # length of the motion that a click stands for, as a share of the longest that the network knows
THRESHOLD = 0.5  # share of that motion above which a pixel belongs to what was clicked
STRIDE = 32  # sides are multiples of it


class GuidedMotion:
    """A network of :class:`mmwsl.models.pretext.motion.ConditionalMotionPropagation`, for single pictures.

    Pictures are resized so that their short side is ``size``, both sides multiples of 32; points and flow are in pixels
    of the picture itself.

    Args:
        config: the network's config, a file or ``mmwsl::NAME``.
        checkpoint: its weights.
        size: short side in pixels, best that of its training; None = the picture's own, at most 416.
        device: where it runs.
        options: overrides of the config.

    Raises:
        ValueError: the config's model is another one, or a size below 32.
    """

    def __init__(self, config: Path | str, checkpoint: Path | str, size: int | None = None,
                 device: str | None = None, options: dict[str, Any] | None = None) -> None:
        if size is not None and size < STRIDE:
            raise ValueError(f'size={size} is too small; pictures have sides of {STRIDE} pixels or more')
        self.model, _ = build_model(load_config(config, options), str(checkpoint), device, whole=True)
        if not hasattr(self.model, 'propagate'):
            raise ValueError(f'{config} is {type(self.model).__name__}, which takes no guidance; give a config of '
                             'ConditionalMotionPropagation (mmwsl::selfsup/cmp/...)')
        self.size = size

    def flow(self, image: np.ndarray, arrows: Sequence[Sequence[float]]) -> np.ndarray:
        """The flow (H, W, 2) that arrows ask for.

        Args:
            image: uint8 (H, W, 3) RGB.
            arrows: A of x, y, dx, dy in pixels.

        Raises:
            ValueError: no arrows, one that begins outside, or one that is longer than what the network knows.
        """
        return self._flows(image, [arrows])[0]

    def frames(self, image: np.ndarray, arrows: Sequence[Sequence[float]], count: int) -> list[np.ndarray]:
        """The image, and ``count`` more in which its points move along their arrows until their ends.

        Each is the image itself, warped by the flow of arrows of that part of the length, so that nothing blurs.

        Raises:
            ValueError: as of :meth:`flow`, or fewer than one frame.
        """
        if count < 1:
            raise ValueError(f'{count} frames are no video; give 1 or more')
        drawn = np.asarray(arrows, np.float32).reshape(-1, 4)
        steps = [drawn * (1, 1, share, share) for share in np.linspace(0, 1, count + 1)[1:]]
        return [image, *(move(image, flow) for flow in self._flows(image, steps))]

    def moves_with(self, image: np.ndarray, positive: Sequence[Sequence[float]],
                   negative: Sequence[Sequence[float]] = ()) -> np.ndarray:
        """How much every pixel moves with the clicked points: (H, W), a share of their own motion.

        Positive points are told to move, in eight directions in turn, negative ones to stand still; the share is the
        least length of the eight flows: what belongs to the points moves with them wherever they go, other parts of a
        figure only where a joint pulls them.

        Args:
            image: uint8 (H, W, 3) RGB.
            positive, negative: points x, y in pixels.

        Raises:
            ValueError: no positive point, or one outside.
        """
        if not len(positive):
            raise ValueError('nothing is clicked: give one positive point or more')
        length = CLICK * self.model.limit / self._scale(image)
        angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
        asked = [[(*point, dx, dy) for point in positive] + [(*point, 0, 0) for point in negative]
                 for dx, dy in length * np.stack([np.cos(angles), np.sin(angles)], axis=1)]
        return np.linalg.norm(np.stack(self._flows(image, asked)), axis=-1).min(0) / length

    def cut_out(self, image: np.ndarray, positive: Sequence[Sequence[float]], negative: Sequence[Sequence[float]] = (),
                threshold: float = THRESHOLD) -> np.ndarray:
        """Mask bool (H, W) of what moves with the clicked points by more than a share ``threshold`` of their motion.

        The other arguments and errors are those of :meth:`moves_with`.

        Raises:
            ValueError: a threshold that is not between 0 and 1.
        """
        check_threshold(threshold)
        return self.moves_with(image, positive, negative) > threshold

    def _scale(self, image: np.ndarray) -> float:
        """By how much the short side grows before the network."""
        short = min(image.shape[:2])
        return (self.size or min(short, 416)) / short

    @torch.no_grad()
    def _flows(self, image: np.ndarray, asked: Sequence[Any]) -> list[np.ndarray]:
        """A flow (H, W, 2) for each set of arrows (A, 4); the image is encoded once for all of them."""
        height, width = image.shape[:2]
        scale = self._scale(image)
        size = [max(round(side * scale / STRIDE), 1) * STRIDE for side in (height, width)]
        grown = np.array([size[1] / width, size[0] / height] * 2, np.float32)
        guidance = []
        for each in asked:
            arrows = np.asarray(each, np.float32)
            sparse_of_arrows(arrows, height, width)  # outside of the picture: said in its own pixels
            if not len(arrows):
                raise ValueError('there are no arrows; give one or more of x, y, dx, dy')
            arrows = arrows * grown
            if np.abs(arrows[:, 2:]).max() > self.model.limit:
                longest = np.abs(arrows[:, 2:]).max()
                raise ValueError(f'an arrow is {longest:.0f} pixels long at the size of the network, which knows '
                                 f'motion up to {self.model.limit:g}; draw a shorter one, or give a smaller size')
            arrows[:, 0], arrows[:, 1] = arrows[:, 0].clip(0, size[1] - 1), arrows[:, 1].clip(0, size[0] - 1)
            guidance.append(torch.from_numpy(sparse_of_arrows(arrows, *size)))
        resized = image if [height, width] == size else resize(image, size[1], size[0])
        inputs = torch.from_numpy(resized.transpose(2, 0, 1).copy())[None]
        images = self.model.data_preprocessor(dict(inputs=inputs), False)['inputs']
        told = torch.stack(guidance).to(images)
        flows = self.model.propagate(images.expand(len(told), -1, -1, -1), told)
        return [resize_flow(flow.permute(1, 2, 0).cpu().numpy(), width, height) for flow in flows]


def check_threshold(threshold: float) -> None:
    """Refuse what is no share.

    Raises:
        ValueError: it is not between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise ValueError(f'threshold={threshold:g}: thresholds are shares of the motion from 0 to 1, both excluded')


def animate(image: Path | str, arrows: Sequence[Sequence[float]], out: Path | str,
            config: Path | str, checkpoint: Path | str, size: int | None = None,
            frames: int = 12, rate: float = 12.0, strip: Path | str | None = None,
            device: str | None = None) -> Path:
    """Move a picture along arrows and write the frames as a video.

    Args:
        image: the file.
        arrows: A of x, y, dx, dy in pixels.
        out: ``.mp4`` or ``.gif``.
        config, checkpoint, size, device: see :class:`GuidedMotion`.
        frames: after the first.
        rate: frames a second.
        strip: also write a picture here, ``.png`` or ``.jpg``: the image with its arrows, the flow, some frames.

    Returns:
        Path of the video.

    Raises:
        ValueError: other endings, impossible arrows or rate, or another network.
        FileNotFoundError, ImageError: the image cannot be read.
        OSError: ``out`` cannot be written.
    """
    out = check_writable(out)
    if out.suffix.lower() not in VIDEOS:
        raise ValueError(f'{out}: a video ends in {" or ".join(VIDEOS)}')
    if not 0 < rate <= FASTEST:
        raise ValueError(f'{rate:g} frames a second are impossible; give more than 0 and at most {FASTEST}')
    check_picture(strip)
    picture = read_image(image)
    network = GuidedMotion(config, checkpoint, size, device)
    made = network.frames(picture, arrows, frames)
    write_video(out, made, rate)
    if strip is not None:
        shown = [draw_arrows(picture, arrows), draw_flow(network.flow(picture, arrows)),
                 *(made[position] for position in np.linspace(0, frames, 4).round().astype(int)[1:])]
        write_image(Path(strip), np.concatenate(shown, axis=1))
    return out


def write_video(path: Path, frames: Sequence[np.ndarray], rate: float) -> None:
    """Write frames uint8 (H, W, 3) RGB as ``.mp4`` or ``.gif``, whole or not at all.

    Raises:
        OSError: this OpenCV writes no mp4.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'.{path.stem}.partial{path.suffix}')
    try:
        if path.suffix.lower() == '.gif':
            from PIL import Image
            first, *others = (Image.fromarray(frame) for frame in frames)
            first.save(partial, save_all=True, append_images=others, duration=round(1000 / rate), loop=0)
        else:
            height, width = frames[0].shape[:2]
            writer = cv2.VideoWriter(str(partial), cv2.VideoWriter.fourcc(*'mp4v'), rate, (width, height))
            if not writer.isOpened():
                raise OSError(f'{path}: this build of OpenCV writes no mp4; write a .gif')
            for frame in frames:
                writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
            writer.release()
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def draw_arrows(image: np.ndarray, arrows: Sequence[Sequence[float]]) -> np.ndarray:
    """The image with red arrows; of no motion a green point."""
    picture = image.copy()
    thickness = max(1, min(image.shape[:2]) // 120)
    for x, y, dx, dy in np.asarray(arrows, float).round().astype(int).tolist():
        if dx or dy:
            cv2.arrowedLine(picture, (x, y), (x + dx, y + dy), (255, 0, 0), thickness, tipLength=0.3)
        else:
            cv2.circle(picture, (x, y), 2 * thickness, (0, 220, 0), -1)
    return picture
