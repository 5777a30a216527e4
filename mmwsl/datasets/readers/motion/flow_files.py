"""Flow fields in files: Middlebury's .flo, KITTI's 16-bit PNG, and pairs of 8-bit JPEGs."""

import os
from pathlib import Path

import cv2
import numpy as np

from mmwsl.files import write_atomically

MAGIC = 202021.25  # the first four bytes of a .flo: PIEH
UNKNOWN = 1e9  # Middlebury: what is longer is not known
FLOW_FORMATS = ('flo', 'png', 'jpg')
JPEG_LIMIT = 50.0  # pixels: 0 is -50, 255 is 50
AXES = ('_x.jpg', '_y.jpg')


class FlowError(ValueError):
    """A file that is no flow, or not a whole one."""


def flow_format(path: os.PathLike[str] | str) -> str:
    """Which of :data:`FLOW_FORMATS` a name ends in.

    Raises:
        ValueError: another ending.
    """
    ending = Path(path).suffix.lower().lstrip('.')
    ending = 'jpg' if ending == 'jpeg' else ending
    if ending not in FLOW_FORMATS:
        raise ValueError(f'flow {path}: its name must end in .flo (Middlebury), .png (KITTI, 16 bits) or .jpg (a pair '
                         'NAME_x.jpg and NAME_y.jpg, named NAME.jpg here)')
    return ending


def read_flow(path: os.PathLike[str] | str) -> np.ndarray:
    """Flow of a file, float32 (H, W, 2), dx and dy in pixels; NaN where it says that nothing is known.

    Args:
        path: ``NAME.flo``; ``NAME.png`` with KITTI's three channels of 16 bits; or ``NAME.jpg``, which stands for
            ``NAME_x.jpg`` and ``NAME_y.jpg``, gray, in which v is ``v / 255 * 100 - 50`` pixels.

    Raises:
        FileNotFoundError: no such file.
        FlowError: it is empty, cut off, or no flow.
        ValueError: another ending.
    """
    kind, path = flow_format(path), Path(path)
    if kind == 'flo':
        return _read_flo(path)
    if kind == 'png':
        image = _image(path, cv2.IMREAD_UNCHANGED)
        if image.dtype != np.uint16 or image.ndim != 3 or image.shape[2] != 3:
            raise FlowError(f'flow {path} is {image.dtype} of shape {image.shape}; a PNG of KITTI has three channels '
                            'of 16 bits')
        known, dy, dx = np.moveaxis(image.astype(np.float32), -1, 0)  # OpenCV reads blue first
        flow = (np.stack([dx, dy], -1) - 2**15) / 64
        flow[known == 0] = np.nan
        return flow
    parts = [_image(Path(str(path)[:-len(path.suffix)] + axis), cv2.IMREAD_GRAYSCALE) for axis in AXES]
    if parts[0].shape != parts[1].shape:
        raise FlowError(f'flow {path}: its two JPEGs are of {parts[0].shape} and {parts[1].shape} pixels')
    return (np.stack(parts, -1).astype(np.float32) / 255 * 2 - 1) * JPEG_LIMIT


def _image(path: Path, flag: int) -> np.ndarray:
    if not path.is_file():
        raise FileNotFoundError(f'flow {path} does not exist (looked for from {Path.cwd()}); make flow of clips with '
                                '`mmwsl flow`')
    encoded = np.fromfile(path, np.uint8)
    image = cv2.imdecode(encoded, flag) if encoded.size else None
    if image is None:
        raise FlowError(f'flow {path} cannot be decoded: empty, cut off, or no image')
    return image


def _read_flo(path: Path) -> np.ndarray:
    if not path.is_file():
        raise FileNotFoundError(f'flow {path} does not exist (looked for from {Path.cwd()}); make flow of clips with '
                                '`mmwsl flow`')
    content = path.read_bytes()
    if len(content) < 12 or np.frombuffer(content, '<f4', 1)[0] != np.float32(MAGIC):
        raise FlowError(f'flow {path} is no .flo file: it does not begin with PIEH')
    width, height = np.frombuffer(content, '<i4', 2, 4).tolist()
    if min(width, height) < 1 or len(content) != 12 + 8 * width * height:
        raise FlowError(f'flow {path} says {width} x {height} pixels but has {len(content)} bytes; it is cut off or '
                        'corrupt')
    flow = np.frombuffer(content, '<f4', 2 * width * height, 12).reshape(height, width, 2).astype(np.float32)
    flow[(np.abs(flow) > UNKNOWN).any(-1)] = np.nan
    return flow


def write_flow(path: os.PathLike[str] | str, flow: np.ndarray) -> None:
    """Write a flow in the format of the name's ending, see :func:`read_flow`.

    ``.flo`` keeps it as it is; KITTI's PNG rounds to 1/64 pixel and cuts at 512; the JPEGs round to 0.4 pixels, lose a
    little, cut at 50, and know no unknown pixels.

    Args:
        flow: float (H, W, 2); what is not finite is not known.

    Raises:
        ValueError: another ending or shape, or unknown pixels for JPEG.
        OSError: it cannot be written.
    """
    kind, path, flow = flow_format(path), Path(path), np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError(f'a flow is (H, W, 2), got {flow.shape}')
    known = np.isfinite(flow).all(-1)
    if kind == 'flo':
        header = np.float32(MAGIC).astype('<f4').tobytes() + np.array(flow.shape[1::-1], '<i4').tobytes()
        write_atomically(path, header + np.where(known[..., None], flow, 2 * UNKNOWN).astype('<f4').tobytes())
    elif kind == 'png':
        values = (np.nan_to_num(flow).astype(np.float64) * 64 + 2**15).round().clip(0, 2**16 - 1) * known[..., None]
        image = np.dstack([known, values[..., 1], values[..., 0]]).astype(np.uint16)
        write_atomically(path, cv2.imencode('.png', image)[1].tobytes())
    else:
        if not known.all():
            raise ValueError(f'flow {path}: {int((~known).sum())} pixels are not known, which JPEGs cannot say; write '
                             'a .flo or .png')
        values = ((flow.clip(-JPEG_LIMIT, JPEG_LIMIT) / JPEG_LIMIT + 1) / 2 * 255).round().astype(np.uint8)
        for part, axis in zip(np.moveaxis(values, -1, 0), AXES, strict=True):
            encoded = cv2.imencode('.jpg', np.ascontiguousarray(part), [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
            write_atomically(str(path)[:-len(path.suffix)] + axis, encoded.tobytes())
