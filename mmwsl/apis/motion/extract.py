"""Flow of whole sets of clips, written beside their frames as one data set that :class:`FlowPairs` reads."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmwsl.apis.motion.frames import clip_name, frame_pairs, write_image
from mmwsl.datasets.readers.clips import find_clips
from mmwsl.datasets.readers.motion import FLOW_FORMATS, read_flow, write_flow
from mmwsl.datasets.transforms.decode import ImageError, read_image
from mmwsl.files import check_writable_folder, write_atomically
from mmwsl.flow import ESTIMATORS, consensus, consistent, draw_flow, estimate_flow, trimap, warp
from mmwsl.progress import progress_bar

PICTURES, HEIGHT = 12, 160  # rows of the picture at most, and their height


def extract_flow(clips: os.PathLike[str] | str, out: os.PathLike[str] | str, method: str = 'dis', gap: int = 1,
                 step: int = 1, file_format: str = 'flo', masks: bool = False, check: bool = False,
                 workers: int | None = None) -> dict[str, Any]:
    """Estimate the flow of the frames of clips, and write frames and flow as a data set.

    ``out`` gets ``pairs.jsonl``, frames below ``images/``, flow below ``flow/``, and ``flow.jpg``: frames,
    their flow as colors, and the masks if there are any. A clip that was done with the same settings is not done again,
    so a run that was stopped goes on where it was.

    Args:
        clips: folder of clips (:func:`find_clips`), or one clip.
        out: folder.
        method: see :func:`mmwsl.flow.estimate_flow`.
        gap: frames between the two.
        step: take every so manyth frame.
        file_format: ``'flo'``, ``'png'`` (KITTI) or ``'jpg'`` (two of 8 bits), see :func:`write_flow`.
        masks: also write pseudo-masks of what moves (:func:`consensus`) below ``masks/``, by clip.
        check: estimate the flow back as well, and write flow that does not agree with it as not known.
        workers: clips at a time; None = one a core.

    Returns:
        dict: ``pairs``, ``clips`` and ``left_out``: clip -> why it has none; ``error_still`` and ``error_warped``: mean
        difference of gray levels between a frame and the next one, as it is and warped back.

    Raises:
        FileNotFoundError, ValueError: no clips, or no pair of frames in any; unknown or impossible settings.
        OSError: ``out`` cannot be written.
    """
    if method not in ESTIMATORS:
        raise ValueError(f'flow method {method!r} is unknown; choose one of {", ".join(ESTIMATORS)}')
    if min(gap, step) < 1:
        raise ValueError(f'gap={gap}, step={step}: both are numbers of frames, 1 or more')
    if file_format not in FLOW_FORMATS:
        raise ValueError(f'flow format {file_format!r} is unknown; choose one of {", ".join(FLOW_FORMATS)}')
    if check and file_format == 'jpg':
        raise ValueError('JPEGs cannot say what is not known; take another format, or leave the check out')
    found, root, out = find_clips(clips, single=True), Path(clips), Path(out)
    check_writable_folder(out)
    settings = dict(method=method, gap=gap, step=step, file_format=file_format, masks=masks, check=check)
    jobs = [(str(clip), clip_name(clip, root), str(out), settings) for clip in found]
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:  # OpenCV works outside Python's lock
        parts = list(progress_bar(pool.map(_clip_flow, jobs), 'flow of clips', total=len(jobs), unit='clip'))
    left_out = {part['clip']: part['error'] for part in parts if 'error' in part}
    rows = [row for part in parts for row in part.get('rows', ())]
    if not rows:
        reasons = '; '.join(f'{clip}: {error}' for clip, error in list(left_out.items())[:3])
        raise ValueError(f'none of {len(found)} clips gives a pair of frames: {reasons}')
    named = [{key: row[key] for key in ('image', 'flow', 'mask') if key in row} for row in rows]
    write_atomically(out / 'pairs.jsonl', ''.join(json.dumps(row) + '\n' for row in named))
    _write_picture(out, rows)
    errors = {key: round(float(np.mean([row[key] for row in rows])), 3) for key in ('error_still', 'error_warped')}
    return dict(pairs=len(rows), clips=len(found), left_out=left_out, **errors)


def _clip_flow(job: tuple[str, str, str, dict[str, Any]]) -> dict[str, Any]:
    """What one clip gives; read from its file where an earlier run with the same settings wrote it."""
    clip, name, out, settings = job
    folder, path = Path(out), Path(out) / 'clips' / f'{name}.flow.json'
    key = dict(settings, clip=clip, changed=os.stat(clip).st_mtime_ns)
    if path.is_file():
        known: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
        if known['key'] == key and all(_is_there(folder, row) for row in known['rows']):
            return known
    rows, frames, flows = [], [], []
    try:
        for number, first, second in frame_pairs(clip, settings['gap'], settings['step']):
            flow = estimate_flow(first, second, settings['method'])
            row: dict[str, Any] = dict(image=f'images/{name}/{number:05}.jpg',
                       flow=f'flow/{name}/{number:05}.{settings["file_format"]}',
                       error_still=_difference(first, second), error_warped=_difference(first, warp(second, flow)))
            write_image(folder / row['image'], first)
            known_flow = flow
            if settings['check']:
                agrees = consistent(flow, estimate_flow(second, first, settings['method']))
                known_flow = np.where(agrees[..., None], flow, np.float32(np.nan))
            write_flow(folder / row['flow'], known_flow)
            rows.append(row)
            if settings['masks']:
                frames.append(first)
                flows.append(flow)
    except (ImageError, ValueError) as error:  # the other clips go on
        return dict(clip=clip, error=str(error))
    if not rows:
        return dict(clip=clip, error=f'clip {clip} has no two frames that are {settings["gap"]} apart')
    if settings['masks']:
        for row, votes in zip(rows, consensus(frames, flows), strict=True):
            row['mask'] = row['image'].replace('images/', 'masks/').replace('.jpg', '.png')
            write_atomically(folder / row['mask'], cv2.imencode('.png', trimap(votes))[1].tobytes())
    result = dict(key=key, clip=clip, rows=rows)
    write_atomically(path, json.dumps(result))
    return result


def _is_there(folder: Path, row: dict[str, Any]) -> bool:
    flow = folder / row['flow']
    flow = flow.with_name(f'{flow.stem}_y.jpg') if flow.suffix == '.jpg' else flow
    return all(path.is_file() for path in (folder / row['image'], flow, folder / row.get('mask', row['image'])))


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.float32) - other).mean())


def _write_picture(out: Path, rows: list[dict[str, Any]]) -> None:
    """Rows of frame and flow, evenly chosen."""
    strips = []
    for position in np.unique(np.linspace(0, len(rows) - 1, PICTURES).round().astype(int)):
        image, flow = read_image(out / rows[position]['image']), read_flow(out / rows[position]['flow'])
        panels = [image, draw_flow(flow)]
        if 'mask' in rows[position]:
            mask = cv2.imread(str(out / rows[position]['mask']), cv2.IMREAD_GRAYSCALE)
            shown = np.where(mask == 1, 255, np.where(mask == 255, 128, 0)).astype(np.uint8)
            panels.append(cv2.cvtColor(shown, cv2.COLOR_GRAY2RGB))
        size = round(image.shape[1] * HEIGHT / image.shape[0]), HEIGHT
        strips.append(np.concatenate([cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in panels], axis=1))
    width = max(strip.shape[1] for strip in strips)
    write_image(out / 'flow.jpg', np.concatenate([
        np.pad(strip, ((0, 4), (0, width - strip.shape[1]), (0, 0)), constant_values=255) for strip in strips]))
