"""``mmwsl predict --video`` and ``--camera``: a network's predictions on every frame."""

import itertools
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config

from mmwsl.apis.predictor import Predictor
from mmwsl.datasets.readers.clips import read_frames
from mmwsl.datasets.transforms.decode import ImageError
from mmwsl.evaluation.metrics.detection import coco_results
from mmwsl.files import check_writable, write_atomically
from mmwsl.progress import progress_bar
from mmwsl.reporting.predictions import PredictionFiles
from mmwsl.structures.summary import summarize
from mmwsl.visualization import draw_prediction


def predict_video(config: Config | Path | str, checkpoint: Path | str, clip: Path | str | int, out: Path | str,
                  device: torch.device | str | None = None, batch_size: int = 1, score_threshold: float = 0.3,
                  step: int = 1, frames: int | None = None, pictures: bool = True,
                  options: dict[str, Any] | None = None, classes: Sequence[str] | None = None) -> dict[str, Any]:
    """Predict the frames of a clip and write ``objects.json``, ``video.mp4`` and ``pictures/`` to a folder.

    ``objects.json`` has COCO's form, with ``images``, ``categories`` and ``annotations``, whose ``score`` stands beside
    ``bbox`` and, of a network of masks, ``segmentation``.

    Args:
        config, checkpoint, device, options, classes: see :class:`mmwsl.apis.Predictor`.
        clip: video file, folder of frames, or the number of a camera.
        out: the folder.
        batch_size: frames in one forward pass; 1 is what a camera needs.
        score_threshold: objects below it are left out.
        step: take every so manyth frame.
        frames: stop after so many; a camera needs it.
        pictures: also write the drawn frames and their video.

    Returns:
        dict: ``frames``; ``predict_fps``, of the network with its pre- and postprocessing alone; ``fps``, with reading,
        drawing and writing too; ``objects``, how many; ``file``.

    Raises:
        FileNotFoundError, ValueError, OSError: no such clip, config or checkpoint, a setting out of range, a network
            that finds no objects, or ``out`` cannot be written.
        ImageError: the clip cannot be read.
    """
    if step < 1 or batch_size < 1 or frames is not None and frames < 1:
        raise ValueError(f'step={step}, batch_size={batch_size} and frames={frames} must be 1 or more')
    if isinstance(clip, int) and frames is None:
        raise ValueError('a camera does not end: give --frames N')
    source = _camera(clip, step, frames) if isinstance(clip, int) else read_frames(clip, step, frames)
    first = next(source)  # before the network is built
    file = check_writable(Path(out) / 'objects.json')
    predictor = Predictor(config, checkpoint, device, options, classes)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    writer, busy, start = None, 0.0, time.perf_counter()
    try:
        with progress_bar(total=frames, description='predict', unit='frame') as bar:
            for batch in _batches(itertools.chain([first], source), batch_size):
                before = time.perf_counter()
                samples = [sample.cpu() for _, sample in predictor(batch, batch_size, num_workers=0)]
                busy += time.perf_counter() - before
                for frame, sample in zip(batch, samples, strict=True):
                    if 'pred_boxes' not in sample:
                        raise ValueError(f'{type(predictor.model).__name__} finds no objects, of which a video is '
                                         'made here; predict its frames as photos')
                    number = len(images)
                    images.append(dict(id=number, file_name=f'{number:06d}.jpg', frame=number * step,
                                       width=frame.shape[1], height=frame.shape[0]))
                    annotations += _annotations(sample, number, score_threshold, len(annotations))
                    if pictures:
                        summary = dict(summarize(sample, predictor.classes, score_threshold=score_threshold),
                                       size=[frame.shape[1], frame.shape[0]])
                        PredictionFiles(file.parent, f'{number:06d}').draw(summary, frame)
                        writer = _write_frame(writer, file.parent / 'video.mp4', draw_prediction(
                            frame, dict(summary, classes=()), ()), _rate(clip) / step)
                    bar.update()
    finally:
        if writer is not None:
            writer[0].release()
    total = time.perf_counter() - start
    names = predictor.classes or [f'class {number}' for number in range(
        1 + max((each['category_id'] for each in annotations), default=-1))]
    write_atomically(file, json.dumps(dict(
        info=dict(clip=str(clip), checkpoint=str(checkpoint)), images=images, annotations=annotations,
        categories=[dict(id=number, name=name) for number, name in enumerate(names)]), allow_nan=False))
    return dict(frames=len(images), predict_fps=round(len(images) / busy, 3), fps=round(len(images) / total, 3),
                objects=len(annotations), file=str(file))


def _annotations(sample: Any, image_id: int, score_threshold: float, start: int) -> list[dict[str, Any]]:
    """COCO's annotations of a frame, numbered from ``start`` on, with run lengths as text."""
    labels = range(int(sample.pred_box_labels.max()) + 1) if len(sample.pred_box_labels) else range(0)
    found = [each for each in coco_results(dict(sample.items()), image_id, labels)
             if each['score'] >= score_threshold]
    for number, each in enumerate(found, start=start):
        each |= dict(id=number, iscrowd=0, area=each['bbox'][2] * each['bbox'][3])
        if 'segmentation' in each:
            from pycocotools import mask as coco_mask
            each['area'] = float(coco_mask.area(each['segmentation']))
            each['segmentation'] = dict(size=list(each['segmentation']['size']),
                                        counts=each['segmentation']['counts'].decode())
    return found


def _batches(frames: Iterable[np.ndarray], size: int) -> Iterator[list[np.ndarray]]:
    frames = iter(frames)
    while batch := list(itertools.islice(frames, size)):
        yield batch


def _write_frame(writer: tuple[Any, tuple[int, int]] | None, path: Path, picture: np.ndarray,
                 rate: float) -> tuple[Any, tuple[int, int]]:
    """Add a picture to a video, whose size is that of the first one, in even numbers; returns the writer."""
    if writer is None:
        size = picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2
        video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), max(rate, 1.0), size)
        if not video.isOpened():
            raise OSError(f'{path} cannot be written: this OpenCV has no encoder for it; leave the pictures away '
                          '(--no-pictures), or join them by another program')
        writer = video, size
    width, height = writer[1]
    canvas = np.full((height, width, 3), 255, dtype=np.uint8)  # lines below a picture may differ in their number
    part = picture[:height, :width]
    canvas[:part.shape[0], :part.shape[1]] = part
    writer[0].write(np.ascontiguousarray(canvas[..., ::-1]))
    return writer


def _rate(clip: Path | str | int) -> float:
    """Frames per second that a video file says; 25 where nothing says it."""
    if isinstance(clip, int) or os.path.isdir(clip):
        return 25.0
    video = cv2.VideoCapture(str(clip))
    rate = float(video.get(cv2.CAP_PROP_FPS))
    video.release()
    return rate if 0 < rate < 1000 else 25.0


def _camera(number: int, step: int, frames: int | None) -> Iterator[np.ndarray]:
    video = cv2.VideoCapture(number)
    try:
        if not video.isOpened():
            raise ImageError(f'camera {number} cannot be opened; is it connected, and may this user read it?')
        for count in itertools.count():
            read, frame = video.read()
            if not read or frames is not None and count >= frames * step:
                return
            if count % step == 0:
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    finally:
        video.release()
