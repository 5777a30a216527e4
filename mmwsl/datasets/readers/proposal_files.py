"""Proposals in the files that people have: MATLAB's of Fast R-CNN's time, pickles of Detectron and detectron2."""

import pickle
from pathlib import Path

import numpy as np

from mmwsl.datasets.readers.proposals import Proposals

# what a pickle of arrays needs, by the names of old and new numpy and of Python 2; none of it runs anything
PERMITTED = {
    *((f'numpy.{core}.multiarray', name) for core in ('core', '_core') for name in ('_reconstruct', 'scalar')),
    *((f'numpy.{core}.numeric', '_frombuffer') for core in ('core', '_core')),
    ('numpy', 'ndarray'), ('numpy', 'dtype'), ('_codecs', 'encode'), ('collections', 'OrderedDict'),
}
BOX_MODE = ('detectron2.structures.boxes', 'BoxMode')
XYXY, XYWH = 0, 1


def read_mat(path, box_order='yxyx'):
    """Proposals of a MATLAB file with the cells ``images`` (names) and ``boxes`` ((P, 4) each), and perhaps ``scores``.

    Selective search's boxes, as Fast R-CNN took them, count pixels from 1, are y1 x1 y2 x2, and end on the last pixel
    inside.

    Args:
        path: the file, of a MATLAB before 7.3.
        box_order: 'yxyx', or 'xyxy' of a file that has x first.

    Returns:
        Proposals. Without scores in the file (``scores`` or ``boxScores``) they fall with the rank from 1.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no such file of MATLAB, or cells missing or of different lengths.
    """
    if box_order not in ('yxyx', 'xyxy'):
        raise ValueError(f'box_order={box_order!r} is unknown; choose yxyx or xyxy')
    from scipy.io import loadmat
    path = _existing(path)
    try:
        content = loadmat(path)
    except Exception as error:  # on other bytes it fails in any way; HDF5 of MATLAB 7.3 is NotImplementedError
        raise ValueError(f'{path} is not readable as a MATLAB file ({type(error).__name__}: {error}); one of version '
                         '7.3 has to be saved again with -v7') from error
    if not {'images', 'boxes'} <= content.keys():
        raise ValueError(f'{path} has {_names(content)}, but no images and boxes; it is no file of proposals')
    names = [str(np.asarray(each).ravel()[0]) if np.asarray(each).size else '' for each in content['images'].ravel()]
    boxes = [_boxes(each, path) for each in content['boxes'].ravel()]
    scores = content.get('scores', content.get('boxScores'))
    order = (1, 0, 3, 2) if box_order == 'yxyx' else (0, 1, 2, 3)
    boxes = [each[:, order] - [1, 1, 0, 0] for each in boxes]
    return _made(names, boxes, None if scores is None else scores.ravel(), path)


def read_pickle(path):
    """Proposals of a pickle, of which nothing is executed: a dict of lists with an entry for each image.

    ``boxes`` (P, 4) each; ``ids`` (detectron2) or ``indexes`` (Detectron, whose boxes end on the last pixel inside);
    ``objectness_logits`` or ``scores``; and perhaps ``bbox_mode``, 0 of x1 y1 x2 y2, 1 of x y width height.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it holds more than arrays and plain types, or not these.
    """
    path = _existing(path)
    try:
        with open(path, 'rb') as file:
            content = _Unpickler(file, encoding='latin1').load()
    except _NotPermitted as error:
        raise ValueError(f'{path} holds {error}, which is not loaded, because that may run code from the file; write '
                         'its proposals as a dict of ids, boxes and scores, all of them numpy arrays') from error
    except Exception as error:  # on bytes that are no pickle the unpickler fails in any way
        raise ValueError(f'{path} is not readable as a pickle ({type(error).__name__}: {error}); is it '
                         'truncated?') from error
    if not isinstance(content, dict):
        raise ValueError(f'{path} holds a {type(content).__name__}; a dict of ids, boxes and scores is needed')
    ids = next((content[key] for key in ('ids', 'indexes', 'indices') if key in content), None)
    if ids is None or 'boxes' not in content:
        raise ValueError(f'{path} has {_names(content)}; it needs boxes and ids (or indexes)')
    boxes, mode = [_boxes(each, path) for each in content['boxes']], content.get('bbox_mode', XYXY)
    if mode not in (XYXY, XYWH):
        raise ValueError(f'{path} has bbox_mode={mode!r}; 0 (x1 y1 x2 y2) and 1 (x y width height) are known')
    if mode == XYWH:
        boxes = [np.concatenate([each[:, :2], each[:, :2] + each[:, 2:]], axis=1) for each in boxes]
    elif 'ids' not in content:
        boxes = [each + [0, 0, 1, 1] for each in boxes]
    scores = next((content[key] for key in ('objectness_logits', 'scores') if key in content), None)
    return _made([str(each) for each in ids], boxes, scores, path)


class _NotPermitted(Exception):
    pass


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == BOX_MODE:
            return int
        if (module, name) not in PERMITTED:
            raise _NotPermitted(f'{module}.{name}')
        return super().find_class(module, name)


def _existing(path):
    if not Path(path).is_file():
        raise FileNotFoundError(f'file of proposals {path} does not exist (looked for from {Path.cwd()})')
    return Path(path)


def _names(content):
    return ', '.join(str(key) for key in content if not str(key).startswith('__')) or 'nothing'


def _boxes(boxes, path):
    try:
        boxes = np.asarray(boxes, float)
        return boxes.reshape(len(boxes), 4) if len(boxes) else np.zeros((0, 4))
    except (TypeError, ValueError) as error:
        raise ValueError(f'{path}: the boxes of an image are no numbers (P, 4): {error}') from error


def _made(names, boxes, scores, path):
    if scores is None:
        scores = [1 - np.arange(len(each)) / max(1, len(each)) for each in boxes]
    scores = [np.asarray(each, float).ravel() for each in scores]
    if not len(names) == len(boxes) == len(scores):
        raise ValueError(f'{path}: {len(names)} images, {len(boxes)} lists of boxes and {len(scores)} of scores; each '
                         'image needs one of each')
    for name, found, values in zip(names, boxes, scores, strict=True):
        if len(found) != len(values):
            raise ValueError(f'{path}: image {name} has {len(found)} boxes and {len(values)} scores')
    return Proposals.from_lists(names, boxes, scores, source=path)
