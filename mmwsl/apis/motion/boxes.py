"""Moving regions of clips as boxes, written with their frames as a data set in COCO's form."""

import itertools
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmwsl.apis.motion.frames import clip_name, frame_pairs, write_image
from mmwsl.datasets.readers.clips import find_clips, read_frames
from mmwsl.datasets.transforms.decode import ImageError
from mmwsl.files import check_writable_folder, write_atomically
from mmwsl.flow import ESTIMATORS, draw_flow, estimate_flow, moving_region
from mmwsl.progress import progress_bar
from mmwsl.visualization.overlays import overlay

CATEGORY = 'moving object'
PICTURE_HEIGHT = 160
PICTURES = 24  # rows of the picture at most


def motion_boxes(clips: os.PathLike[str] | str, out: os.PathLike[str] | str, method: str = 'dis', gap: int = 1,
                 step: int = 1, workers: int | None = None) -> dict[str, Any]:
    """Find the moving object in frames of clips, and write frames and boxes as a data set.

    ``out`` gets ``instances.json`` (one box and category at most per frame; frames that do not show a moving object
    clearly are left out), the frames below ``images/``, and ``motion.jpg``: frames with their box, the flow as
    colors, and what moves against the camera. The same command goes on after a stop, clip by clip.

    Args:
        clips: a folder of clips, or one clip; see :func:`mmwsl.datasets.readers.clips.find_clips`.
        out: folder to write.
        method: estimator of the flow, see :func:`mmwsl.flow.estimate_flow`.
        gap: frames between the two that the flow is estimated of.
        step: look at every so manyth frame.
        workers: clips at a time; default one a core.

    Returns:
        dict of ``frames`` looked at, ``boxes`` found, ``clips`` and ``left_out``: clip -> why it cannot be read.

    Raises:
        FileNotFoundError, ValueError: no clips, an unknown method, or a gap or step below 1; no frame shows a moving
            object.
        OSError: ``out`` cannot be written.
    """
    if method not in ESTIMATORS:
        raise ValueError(f'flow method {method!r} is unknown; choose one of {", ".join(ESTIMATORS)}')
    if min(gap, step) < 1:
        raise ValueError(f'gap={gap}, step={step}: both are numbers of frames, 1 or more')
    found, root = find_clips(clips), Path(clips)
    out = Path(out)
    check_writable_folder(out)
    settings = dict(method=method, gap=gap, step=step)
    jobs = [(str(clip), clip_name(clip, root), str(out), settings) for clip in found]
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:  # OpenCV works outside Python's lock
        parts = list(progress_bar(pool.map(_clip_boxes, jobs), 'motion of clips', total=len(jobs), unit='clip'))
    left_out = {part['clip']: part['error'] for part in parts if 'error' in part}
    rows = [row for part in parts for row in part.get('rows', ())]
    frames = sum(part.get('frames', 0) for part in parts)
    if not rows:
        reasons = '; '.join(f'{clip}: {error}' for clip, error in list(left_out.items())[:3])
        raise ValueError(f'none of {frames} frames of {len(found)} clips shows a moving object clearly'
                         + (f' ({len(left_out)} clips cannot be read: {reasons})' if left_out else '')
                         + '; try a larger --gap where things move slowly')
    write_atomically(out / 'instances.json', json.dumps(_coco(rows)))
    _write_pictures(out, rows, settings)
    return dict(frames=frames, boxes=len(rows), clips=len(found), left_out=left_out)


def _clip_boxes(job: tuple[str, str, str, dict[str, Any]]) -> dict[str, Any]:
    """What one clip gives; read from its file where an earlier run with the same settings wrote it."""
    clip, name, out, settings = job
    path = Path(out) / 'clips' / f'{name}.json'
    key = dict(settings, clip=clip, changed=os.stat(clip).st_mtime_ns)
    if path.is_file():
        known: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
        if known['key'] == key and all((Path(out) / row['file_name']).is_file() for row in known['rows']):
            return known
    rows, frames = [], 0
    try:
        for number, first, second in frame_pairs(clip, settings['gap'], settings['step']):
            frames += 1
            region = moving_region(estimate_flow(first, second, settings['method']))
            if region is not None:
                file = f'images/{name}/{number:05}.jpg'
                write_image(Path(out) / file, first)
                rows.append(dict(file_name=file, height=first.shape[0], width=first.shape[1], box=region.box.tolist(),
                                 clip=clip, frame=number))
    except (ImageError, ValueError) as error:  # of frames that are too small; the other clips go on
        return dict(clip=clip, error=str(error))
    result = dict(key=key, clip=clip, rows=rows, frames=frames)
    write_atomically(path, json.dumps(result))
    return result


def _coco(rows: list[dict[str, Any]]) -> dict[str, Any]:
    images = [dict(id=number, **{key: row[key] for key in ('file_name', 'height', 'width')})
              for number, row in enumerate(rows, start=1)]
    annotations = []
    for number, row in enumerate(rows, start=1):
        left, top, right, bottom = row['box']
        annotations.append(dict(id=number, image_id=number, category_id=1, iscrowd=0,
                                bbox=[left, top, right - left, bottom - top],
                                area=(right - left) * (bottom - top), segmentation=[]))
    return dict(images=images, annotations=annotations, categories=[dict(id=1, name=CATEGORY)])


def _write_pictures(out: Path, rows: list[dict[str, Any]], settings: dict[str, Any]) -> None:
    """Rows of frame with box, flow, and saliency, evenly chosen."""
    strips = []
    for place in np.unique(np.linspace(0, len(rows) - 1, PICTURES).round().astype(int)):
        row = rows[place]
        frames = list(itertools.islice(read_frames(row['clip']), row['frame'], row['frame'] + settings['gap'] + 1))
        flow = estimate_flow(frames[0], frames[-1], settings['method'])
        region = moving_region(flow)
        if region is None:  # the clip was replaced meanwhile
            continue
        panels = [frames[0], draw_flow(flow), overlay(frames[0], region.saliency)]
        scale = PICTURE_HEIGHT / len(frames[0])
        size = round(frames[0].shape[1] * scale), PICTURE_HEIGHT
        panels = [cv2.resize(panel, size, interpolation=cv2.INTER_AREA) for panel in panels]
        panels[0] = overlay(panels[0], found=[np.multiply(row['box'], scale)])
        strips.append(np.concatenate(panels, axis=1))
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((0, 4), (0, width - strip.shape[1]), (0, 0)), constant_values=255) for strip in strips]
    write_image(out / 'motion.jpg', np.concatenate(padded))
